import { describe, expect, it } from '@jest/globals';
import { confirmRecurring, recurringJson, takeRecurringJson, withdrawRecurring } from './recurring-json.js';

describe('texts that commands have in common', () => {
  it('given texts that recur, when they are taken, then they are told until it is certain that they have arrived; of more than are kept the others stand as they are', () => {
    const texts = Array.from({ length: 1_001 }, (_, index) => `{"n":${index}}`);
    expect(takeRecurringJson()).toBeUndefined();
    expect(texts.slice(0, 2).map(recurringJson)).toEqual(['0', '1']);
    expect(takeRecurringJson()).toBe('{"from":0,"values":[{"n":0},{"n":1}]}');
    // Stopped before they arrived.
    withdrawRecurring();
    confirmRecurring();
    expect(recurringJson('{"n":2}')).toBe('2');
    expect(takeRecurringJson()).toBe('{"from":0,"values":[{"n":0},{"n":1},{"n":2}]}');
    confirmRecurring();
    expect(takeRecurringJson()).toBeUndefined();
    const references = texts.map(recurringJson);
    expect(references[0]).toBe('0');
    expect(references[999]).toBe('999');
    expect(references[1_000]).toBe('{"n":1000}');
    const { from, values } = JSON.parse(takeRecurringJson() ?? '') as { from: number; values: unknown[] };
    expect([from, values.length]).toEqual([3, 997]);
    confirmRecurring();
    expect(takeRecurringJson()).toBeUndefined();
  });
});
