import { describe, expect, it } from '@jest/globals';
import { LIMITS, PayloadTooLargeError } from '@backstitch/protocol';
import { mayExceedLimit, parameterNames, payloadCheck } from './payload-limit.js';

describe('the limit of payloads', () => {
  it.each([
    [(a: unknown, b: unknown) => [a, b], ['a', 'b']],
    [async function ship(order: unknown, ...rest: unknown[]) { return [order, rest]; }, ['order', 'rest']],
    [function (a: unknown, b = 2) { return [a, b]; }, ['a', 'b']],
    [function none() {}, []],
    [function destructured({ a }: { a?: unknown }) { return a; }, []],
    ['order', []],
    [undefined, []],
  ])('given %s, when its parameters are asked for, then they are named, or none are where that cannot be told', (named, names) => {
    expect(parameterNames(named)).toEqual(names);
  });

  it('given text beyond ASCII, when its size is judged, then bytes count, not characters', () => {
    expect(mayExceedLimit('ü'.repeat(LIMITS.payloadBytesMax / 2))).toBe(false);
    expect(mayExceedLimit('ü'.repeat(LIMITS.payloadBytesMax / 2 + 1))).toBe(true);
    expect(mayExceedLimit('x'.repeat(LIMITS.payloadBytesMax))).toBe(false);
  });

  it('given several payloads that fit, when they are checked, then none is refused though all together are larger; one beyond the limit is', () => {
    const half = 'x'.repeat(LIMITS.payloadBytesMax / 2 + 10);
    expect(payloadCheck({ what: 'one', payload: [half] }, { what: 'other', payload: { half } }, { what: 'none', payload: undefined })).not.toThrow();
    expect(payloadCheck({ what: 'one', payload: [half] }, { what: 'other', payload: [1, half + half], names: ['a', 'b'] })).toThrow(PayloadTooLargeError);
    expect(payloadCheck({ what: 'other', payload: [1, half + half], names: ['a', 'b'] })).toThrow('(argument "b",');
  });
});
