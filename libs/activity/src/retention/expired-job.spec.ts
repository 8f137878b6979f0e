import { describe, expect, it } from '@jest/globals';
import { refuseExpiredJob } from './expired-job.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const refusal = (ageMs: number, retentionMs: number) => () => refuseExpiredJob(1_000, 1_000 + ageMs, retentionMs);

describe('a job’s age', () => {
  it('given keys kept for 30 days, when a job is 27 days old, then it is taken; a millisecond later it is refused, to be tried again at once', () => {
    expect(refusal(27 * DAY_MS, 30 * DAY_MS)).not.toThrow();
    expect(refusal(27 * DAY_MS + 1, 30 * DAY_MS)).toThrow(expect.objectContaining({ type: 'BackstitchJobExpired', nonRetryable: false, nextRetryDelay: 0 }));
  });

  it('given keys kept for ever, when a job is a year old, then it is taken', () => {
    expect(refusal(365 * DAY_MS, 0)).not.toThrow();
  });
});
