import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, exceedsJsonBytes, jsonBytes, sameJson, sizedJson } from './json.js';

describe('JSON values', () => {
  it('given any value, when its bytes are counted, then they are those of its UTF-8 text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        expect(jsonBytes(value)).toBe(Buffer.byteLength(JSON.stringify(value)));
      }),
    );
    expect(jsonBytes('é漢😀')).toBe(2 + 2 + 3 + 4);
    expect(jsonBytes(undefined)).toBe(0);
  });

  it('given a text longer than the encoder takes at once, when its bytes are counted, then none is missed', () => {
    for (const text of ['x'.repeat(200_000), '😀'.repeat(50_000), `a${'漢'.repeat(70_000)}`]) {
      expect(sizedJson({ text })).toEqual({ text: JSON.stringify({ text }), bytes: Buffer.byteLength(JSON.stringify({ text })) });
    }
  });

  it('given any value and any limit, when it is asked whether it exceeds the limit, then the answer is that of its text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.integer({ min: -3, max: 3 }), (value, distance) => {
        const bytes = Buffer.byteLength(JSON.stringify(value));
        expect(exceedsJsonBytes(value, bytes + distance)).toBe(distance < 0);
      }),
    );
    expect(exceedsJsonBytes(undefined, 0)).toBe(false);
    expect(exceedsJsonBytes({ toJSON: () => 'x'.repeat(100) }, 50)).toBe(true);
    const nested = JSON.parse(`${'['.repeat(1_000)}${']'.repeat(1_000)}`) as unknown;
    expect([exceedsJsonBytes(nested, 2_000), exceedsJsonBytes(nested, 1_999)]).toEqual([false, true]);
  });

  it('given any value, when it has passed through JSON, then it is the same, and so is its canonical text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const passed: unknown = JSON.parse(JSON.stringify(value));
        expect(sameJson(value, passed)).toBe(true);
        expect(canonicalJson(value)).toBe(canonicalJson(passed));
      }),
    );
  });

  it('given two values, when they are compared, then they are the same just if their canonical texts are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        expect(sameJson(left, right)).toBe(canonicalJson(left) === canonicalJson(right));
      }),
    );
  });

  it('given keys in another order or without a value, when they are compared, then that makes no difference', () => {
    expect(sameJson({ a: 1, b: { c: [1], d: undefined } }, { b: { c: [1] }, a: 1 })).toBe(true);
    expect(canonicalJson({ b: 1, a: undefined })).toBe('{"b":1}');
    expect(sameJson([1, 2], [2, 1])).toBe(false);
    expect(sameJson({}, [])).toBe(false);
    expect(sameJson({ a: null }, {})).toBe(false);
  });
});
