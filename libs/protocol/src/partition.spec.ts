import { describe, expect, it } from '@jest/globals';
import { partitionOf } from './partition.js';

describe('partitions', () => {
  it('given known workflow ids, when their partitions are computed, then they are what they always were', () => {
    // FNV-1a's published test vectors: '' → 0x811c9dc5, 'a' → 0xe40c292c, 'foobar' → 0xbf9cf968.
    expect(['', 'a', 'foobar'].map((workflowId) => partitionOf(workflowId, 2 ** 32))).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
    expect(partitionOf('foobar')).toBe(0xbf9cf968 % 64);
  });

  it('given many workflow ids, when they are spread, then no partition holds much more than its share', () => {
    const counts = new Array<number>(64).fill(0);
    for (let index = 0; index < 64_000; index += 1) {
      const partition = partitionOf(`order-${index}`);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.max(...counts)).toBeLessThan(1_500);
    expect(Math.min(...counts)).toBeGreaterThan(500);
  });
});
