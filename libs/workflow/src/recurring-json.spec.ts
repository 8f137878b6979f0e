import { describe, expect, it } from '@jest/globals';
import { recurringJson, takeRecurringJson } from './recurring-json.js';

describe('texts that commands have in common', () => {
  it('given more texts than are kept, when they recur, then the first are numbers, told once, and the others stand as they are', () => {
    const texts = Array.from({ length: 1_001 }, (_, index) => `{"n":${index}}`);
    expect(takeRecurringJson()).toBeUndefined();
    expect(texts.slice(0, 2).map(recurringJson)).toEqual(['0', '1']);
    expect(takeRecurringJson()).toBe('[{"n":0},{"n":1}]');
    const references = texts.map(recurringJson);
    expect(references[0]).toBe('0');
    expect(references[999]).toBe('999');
    expect(references[1_000]).toBe('{"n":1000}');
    expect(JSON.parse(takeRecurringJson() ?? '')).toHaveLength(998);
    expect(takeRecurringJson()).toBeUndefined();
  });
});
