import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, exceedsJsonBytes, jsonBytes, sameJson, sizedJson } from './json.js';
import { shareJson } from './json-writer.js';

const written = (value: object): string => Buffer.from(sizedJson(value).utf8).toString();

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
      expect([written({ text }), sizedJson({ text }).bytes]).toEqual([JSON.stringify({ text }), Buffer.byteLength(JSON.stringify({ text }))]);
    }
  });

  it('given any object, when it is written, then it is what the language writes, as UTF-8', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' })), (value) => {
        expect(Buffer.compare(sizedJson(value).utf8, Buffer.from(JSON.stringify(value)))).toBe(0);
      }),
    );
    const nested = JSON.parse(`${'[{"a":'.repeat(200)}1${'}]'.repeat(200)}`) as object;
    for (const value of [
      {},
      [],
      { nothing: undefined, number: 1, text: 'a' },
      { notFinite: [NaN, Infinity], not: NaN, minusZero: -0, large: 1e21, small: 1e-7, time: 1_790_000_000_000 },
      { date: new Date(0), silent: { toJSON: () => undefined }, f: () => 1, s: Symbol('s') },
      [undefined, () => 1, Symbol('s'), { toJSON: () => undefined }, new Date(0), null],
      { boxed: [new String('s'), new Number(1), new Boolean(false)], map: new Map([[1, 2]]), bytes: new Uint8Array(2) },
      { quote: '"', backslash: '\\', control: '\u0001\n', delete: '\x7f', long: 'é'.repeat(200), longer: 'x'.repeat(5_000), lone: '\ud800' },
      { __proto__: null, a: 1 },
      JSON.parse('{"__proto__":1,"toJSON":2}') as object,
      Object.assign([1, 2], { toJSON: () => 'own' }),
      nested,
      new Date(0),
    ]) {
      expect(written(value)).toBe(JSON.stringify(value));
      const bytes = Buffer.byteLength(JSON.stringify(value));
      expect([sizedJson(value).bytes, jsonBytes(value)]).toEqual([bytes, bytes]);
    }
    for (const value of ['', 'é', 'x'.repeat(5_000), 0, -0, -1, 9, 10, 99, 100, 2 ** 53, 2 ** 53 - 1, 1e21, 0.1, NaN, true, false, null]) {
      expect([value, jsonBytes(value)]).toEqual([value, JSON.stringify(value).length + (value === 'é' ? 1 : 0)]);
    }
    expect(() => sizedJson({ big: 1n })).toThrow(TypeError);
    const circle: { self?: object } = {};
    circle.self = circle;
    expect(() => sizedJson(circle)).toThrow(TypeError);
    expect(written({ after: 'a failure' })).toBe('{"after":"a failure"}');
  });

  it('given more than a block of memory holds, when it is written, then what was written before stays as it was', () => {
    const small = sizedJson({ small: 'before' });
    const large = sizedJson({ items: Array.from({ length: 100_000 }, (_, index) => `item ${index}`) });
    const after = sizedJson({ small: 'after' });
    expect([small, after].map(({ utf8 }) => Buffer.from(utf8).toString())).toEqual(['{"small":"before"}', '{"small":"after"}']);
    expect((JSON.parse(Buffer.from(large.utf8).toString()) as { items: string[] }).items[99_999]).toBe('item 99999');
  });

  it('given a value whose JSON is kept, when objects that hold it are written, then they are written as ever', () => {
    const policy = Object.freeze({ name: 'é', attempts: 3 });
    shareJson(policy);
    expect(written({ policy, list: [policy], other: 1 })).toBe('{"policy":{"name":"é","attempts":3},"list":[{"name":"é","attempts":3}],"other":1}');
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
