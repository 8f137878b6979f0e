import { describe, expect, it } from '@jest/globals';
import { decodeFailure, decodePayload, decodePayloads, encodeFailure, encodePayload, encodePayloads, isEncodedPayload, PayloadCodecError, type JsonValue, type PayloadCodec } from './index.js';

/** Text, turned round. */
const mirror: PayloadCodec = {
  encode: (values) => values.map((value) => [...JSON.stringify(value)].reverse().join('')),
  decode: (values) => values.map((value) => JSON.parse([...String(value)].reverse().join('')) as JsonValue),
};

describe('a payload codec', () => {
  it('given values of every kind, when they are encoded and decoded, then they are what they were', async () => {
    const values: JsonValue[] = [null, 0, '', 'text', [1, [2]], { a: { b: 'c' } }];
    const encoded = await encodePayloads(mirror, values);
    expect(encoded.every(isEncodedPayload)).toBe(true);
    expect(await decodePayloads(mirror, encoded)).toEqual(values);
  });

  it('given no codec, when values pass, then they are the same ones', async () => {
    const values = ['a'];
    expect(await encodePayloads(undefined, values)).toBe(values);
    expect(await decodePayloads(undefined, values)).toBe(values);
  });

  it('given values from before there was a codec, when they are decoded, then they stay as they are', async () => {
    expect(await decodePayloads(mirror, ['old', await encodePayload(mirror, 'new')])).toEqual(['old', 'new']);
  });

  it('given encoded values inside of another, when it is decoded, then they are found as deep as told, and no deeper', async () => {
    const [input, result] = await encodePayloads(mirror, [{ orderId: 'o' }, 7]);
    const undo = { input: input ?? null, result: result ?? null };
    expect(await decodePayload(mirror, undo, 1)).toEqual({ input: { orderId: 'o' }, result: 7 });
    expect(await decodePayload(mirror, undo)).toEqual(undo);
  });

  it('given a failure, when it is encoded, then the details of all causes are, and messages stay', async () => {
    const failure = { message: 'm', cause: { message: 'c', timeoutFailureInfo: { timeoutType: 'HEARTBEAT' as const, lastHeartbeatDetails: 'secret' } }, applicationFailureInfo: { type: 'T', details: ['secret'] } };
    const encoded = await encodeFailure(mirror, failure);
    expect(JSON.stringify(encoded)).not.toContain('secret');
    expect(encoded).toMatchObject({ message: 'm', cause: { message: 'c' }, applicationFailureInfo: { type: 'T' } });
    expect(await decodeFailure(mirror, encoded)).toEqual(failure);
  });

  it('given a codec that loses a value, when it is asked, then that is an error', async () => {
    await expect(encodePayloads({ ...mirror, encode: () => [] }, ['a'])).rejects.toThrow(PayloadCodecError);
  });
});
