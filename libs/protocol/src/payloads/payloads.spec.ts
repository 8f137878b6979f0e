import { describe, expect, it } from '@jest/globals';
import {
  arrayFromPayloads, codecOfPayloads, CompositePayloadConverter, defaultPayloadConverter, fromBase64, fromPayloadsAtIndex, headersFromJson, headersToJson, JsonPayloadConverter, mapFromPayloads, mapToPayloads,
  PayloadConverterError, payloadFromJson, payloadToJson, toBase64, toPayloads, ValueConversion, ValueError, type Payload,
} from './index.js';

describe('payloads as JSON', () => {
  it.each([[0], [1], [2], [3], [255]])('given %i bytes, when they are base64 and bytes again, then they are the same', (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 37) % 256);
    expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  });

  it('given plain JSON, when it is written, then it is itself; anything else bears a mark, and all comes back', () => {
    const conversion = new ValueConversion(defaultPayloadConverter);
    expect(conversion.toJson({ a: [1] })).toEqual({ a: [1] });
    expect(Object.keys(conversion.toJson(undefined) as object)).toEqual(['__backstitch_payload']);
    for (const value of [undefined, null, 'é', { a: [1] }, Uint8Array.from([1, 250])]) expect(conversion.fromJson(conversion.toJson(value))).toEqual(value);
    const marked: Payload = { metadata: { encoding: Buffer.from('json/plain'), format: Buffer.from('rich') }, data: Buffer.from('1') };
    expect(payloadToJson(marked)).not.toBe(1);
    expect(payloadToJson(payloadFromJson(payloadToJson(marked)))).toEqual(payloadToJson(marked));
  });

  it('given a converter that does not know a value, or a payload, when it is asked, then it refuses', () => {
    const json = new CompositePayloadConverter(new JsonPayloadConverter());
    expect(() => json.toPayload(undefined)).toThrow(ValueError);
    expect(() => json.toPayload(() => 1)).toThrow(/function/);
    expect(() => json.fromPayload({ metadata: { encoding: Buffer.from('binary/x') } })).toThrow(/binary\/x/);
    expect(() => json.fromPayload({ metadata: { encoding: Buffer.from('json/plain') } })).toThrow(ValueError);
    expect(() => new CompositePayloadConverter()).toThrow(PayloadConverterError);
  });

  it('given several values and fields, when they are payloads and values again, then they are the same', () => {
    const payloads = toPayloads(defaultPayloadConverter, 1, 'two');
    expect(arrayFromPayloads(defaultPayloadConverter, payloads)).toEqual([1, 'two']);
    expect(fromPayloadsAtIndex(defaultPayloadConverter, 1, payloads)).toBe('two');
    expect([toPayloads(defaultPayloadConverter), fromPayloadsAtIndex(defaultPayloadConverter, 0), mapFromPayloads(defaultPayloadConverter, null)]).toEqual([undefined, undefined, undefined]);
    expect(mapFromPayloads(defaultPayloadConverter, mapToPayloads(defaultPayloadConverter, { a: 1 }))).toEqual({ a: 1 });
  });

  it('given headers with bytes, when they are recorded and read, then they are bytes again', () => {
    const headers = { raw: defaultPayloadConverter.toPayload(Uint8Array.from([9, 8])), plain: defaultPayloadConverter.toPayload({ binary: 'x', more: 1 }) };
    const read = headersFromJson(headersToJson(headers));
    expect(defaultPayloadConverter.fromPayload(read.raw as Payload)).toEqual(Uint8Array.from([9, 8]));
    expect(defaultPayloadConverter.fromPayload(read.plain as Payload)).toEqual({ binary: 'x', more: 1 });
  });

  it('given two codecs, when values are encoded, then the last is applied first, and decoding goes back the same way', async () => {
    const order: string[] = [];
    const codec = (name: string) => ({
      encode: async (payloads: Payload[]) => (order.push(`+${name}`), payloads.map((payload) => ({ ...payload, metadata: { ...payload.metadata, [name]: new Uint8Array() } }))),
      decode: async (payloads: Payload[]) =>
        (order.push(`-${name}`), payloads.map(({ metadata, ...rest }) => ({ ...rest, metadata: Object.fromEntries(Object.entries(metadata ?? {}).filter(([key]) => key !== name)) }))),
    });
    const both = codecOfPayloads([codec('a'), codec('b')]);
    const encoded = (await both?.encode([{ x: 1 }])) ?? [];
    expect(await both?.decode(encoded)).toEqual([{ x: 1 }]);
    expect(order).toEqual(['+b', '+a', '-a', '-b']);
    expect(codecOfPayloads([])).toBeUndefined();
  });
});
