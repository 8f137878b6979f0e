import { describe, expect, it } from '@jest/globals';
import { differences, expectedCounts } from './check-work.mjs';

describe('the check of the work', () => {
  it('given 100 orders of which 10 fail at the last step, then that step has 90 effects and the others have an undo for each failure', () => {
    expect(expectedCounts('bullmq', 100, 10)).toEqual({
      'effects in inventory': 100,
      'undos in inventory': 10,
      'effects in payment': 100,
      'undos in payment': 10,
      'effects in fulfilment': 90,
      'undos in fulfilment': 0,
    });
    expect(expectedCounts('backstitch', 100, 10)).toMatchObject({ 'runs completed': 90, 'runs compensated': 10, 'runs in all': 100 });
  });

  it('given one effect too many and a count that is missing, then both are told', () => {
    expect(differences('bullmq', { a: 1, b: 2, c: 3 }, { a: 1, b: 3 })).toEqual(['bullmq: b: 3 instead of 2', 'bullmq: c: none instead of 3']);
    expect(differences('bullmq', { a: 1 }, { a: 1 })).toEqual([]);
  });
});
