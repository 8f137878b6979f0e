import { describe, expect, it } from '@jest/globals';
import { sharePool } from './share-pool.js';

describe('sharePool', () => {
  it.each([4, 5, 10, 20, 100])('given a pool of %i, when it is shared out, then both get some and at least one stays free', (poolMax) => {
    const { concurrency, compensationConcurrency } = sharePool(poolMax);
    expect(Math.min(concurrency, compensationConcurrency)).toBeGreaterThanOrEqual(1);
    expect(concurrency + compensationConcurrency).toBeLessThanOrEqual(poolMax - 1);
  });
});
