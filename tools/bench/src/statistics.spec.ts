import { describe, expect, it } from '@jest/globals';
import { mean, median, percentile, rounded } from './statistics.mjs';

describe('statistics', () => {
  it('given an odd and an even number of values in any order, then the median is the middle one or the mean of both', () => {
    expect(median([9, 1, 10])).toBe(9);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('given a hundred values, then a percentile is the smallest that so many do not exceed', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, 0.5)).toBe(50);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile(values, 1)).toBe(100);
    expect(percentile([7], 0.5)).toBe(7);
  });

  it('given values, then their mean', () => {
    expect(mean([1, 2, 6])).toBe(3);
  });

  it('given nothing, or no share, then it is a RangeError', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => mean([])).toThrow(RangeError);
    expect(() => percentile([], 0.5)).toThrow(RangeError);
    expect(() => percentile([1], 0)).toThrow(RangeError);
    expect(() => percentile([1], 1.1)).toThrow(RangeError);
  });

  it('given a number, then it is rounded to so many digits', () => {
    expect(rounded(1.23456, 3)).toBe(1.235);
    expect(rounded(1_234.5, 0)).toBe(1_235);
  });
});
