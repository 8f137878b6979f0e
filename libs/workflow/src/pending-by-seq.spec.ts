import { describe, expect, it } from '@jest/globals';
import { PendingBySeq } from './pending-by-seq.js';

describe('what is pending', () => {
  it('given numbers with gaps, when they are taken in any order, then each is found once and no other', () => {
    const pending = new PendingBySeq<{ seq: number }>();
    for (const seq of [1, 2, 5, 6, 9]) pending.add({ seq });
    expect([5, 1, 9, 2, 6].map((seq) => pending.take(seq)?.seq)).toEqual([5, 1, 9, 2, 6]);
    expect(pending.take(5)).toBeUndefined();
    pending.add({ seq: 10 });
    expect(pending.get(10)).toEqual({ seq: 10 });
    expect(pending.get(3)).toBeUndefined();
  });
});
