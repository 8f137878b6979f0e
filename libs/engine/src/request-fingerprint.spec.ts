import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from './json.js';
import { requestFingerprintOf } from './request-fingerprint.js';

describe('the fingerprint of a start', () => {
  const of = (workflowType: string, args: fc.JsonValue[]) => requestFingerprintOf({ workflowId: 'w', workflowType, args: args as never });

  it('given the same type and arguments, when it is made, then it is the same, whatever the order of keys', () => {
    expect(of('t', [{ a: 1, b: 2 }])).toBe(of('t', [{ b: 2, a: 1 }]));
  });

  it('given another type or other arguments, when it is made, then it is another', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        expect(of('t', [left]) === of('t', [right])).toBe(canonicalJson(left) === canonicalJson(right));
      }),
    );
    expect(of('t', [])).not.toBe(of('u', []));
    const many = new Set(Array.from({ length: 20_000 }, (_, index) => of('t', [index])));
    expect(many.size).toBe(20_000);
  });

  it("given the caller's own fingerprint, when it is made, then it is that", () => {
    expect(requestFingerprintOf({ workflowId: 'w', workflowType: 't', args: [], requestFingerprint: 'mine' })).toBe('mine');
  });

  it('given a request of today, when a later release makes its fingerprint, then it is still this one', () => {
    expect(of('orderWorkflow', [{ orderId: 'o1', lines: [1, 2.5, null, 'é'] }])).toMatchInlineSnapshot(`"ddbb0c4283b39afd6eb275620c7aaa4e"`);
  });
});
