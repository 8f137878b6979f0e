import { describe, expect, it } from '@jest/globals';
import { callContext, withDeadline } from './call-context.js';

describe('withDeadline', () => {
  const deadlineWithin = (...deadlines: (number | Date)[]): Promise<number | undefined> => {
    const [first, ...rest] = deadlines;
    return first === undefined ? Promise.resolve(callContext().deadlineMs) : withDeadline(first, () => deadlineWithin(...rest));
  };

  it.each([
    ['a time', [new Date(5_000)], 5_000],
    ['milliseconds', [5_000], 5_000],
    ['a later one within', [5_000, 6_000], 5_000],
    ['an earlier one within', [5_000, new Date(4_000)], 4_000],
    ['none', [], undefined],
  ])('given %s, when a call is made, then the earliest holds', async (_name, deadlines, expected) => {
    expect(await deadlineWithin(...deadlines)).toBe(expected);
  });

  it.each([
    [new Date('tomorrow'), 'Invalid Date'],
    [Number.NaN, 'NaN'],
  ])('given a deadline that is %s, when it is set, then it is refused by name and nothing is called', (deadline, named) => {
    let called = false;
    const work = async (): Promise<void> => {
      called = true;
    };
    expect(() => withDeadline(deadline, work)).toThrow(new TypeError(`The deadline must be a time or milliseconds since 1970, and is ${named}.`));
    expect(called).toBe(false);
  });
});
