import { describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter, headersFromJson, ValueError, type Payload } from '@backstitch/protocol/payloads';
import { headersMember } from './headers-member.js';

const toPayload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const fromPayload = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(payload);

describe('payloads and headers', () => {
  it.each([[undefined], [null], ['é'], [1.5], [{ a: [1, null] }], [Uint8Array.from([0, 255])]])('given %j, when it is a payload and a value again, then it is the same', (value) => {
    expect(fromPayload(toPayload(value))).toEqual(value);
  });

  it('given what JSON cannot carry, or an encoding that nobody knows, when it is converted, then it is refused', () => {
    expect(() => toPayload(() => undefined)).toThrow(/function cannot be written as a payload/);
    expect(() => fromPayload({ metadata: { encoding: Uint8Array.from([120]) }, data: new Uint8Array(0) })).toThrow(ValueError);
  });

  it('given headers of payloads, when they leave and come back, then they are JSON in between', () => {
    const member = headersMember({ user: toPayload({ id: 1 }), raw: toPayload(Uint8Array.from([1, 2, 3, 250])), plain: 'as it is' });
    expect(member).toBe(',"headers":{"user":{"id":1},"raw":{"binary":"AQID+g=="},"plain":"as it is"}');
    const headers = headersFromJson({ user: { id: 1 } });
    expect(fromPayload(headers.user ?? {})).toEqual({ id: 1 });
    expect([headersMember({}), headersMember(undefined), headersFromJson(undefined)]).toEqual(['', '', {}]);
  });
});
