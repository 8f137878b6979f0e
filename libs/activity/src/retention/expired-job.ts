import { FAILURE_TYPE } from '@backstitch/protocol';
import { applicationFailure } from '../errors/application-failure.js';

/** Jobs are refused after this share of the time for which keys are kept; the rest is for clocks that differ and for what is already under way. */
const JOB_AGE_SHARE = 0.9;

/**
 * Keeps a job out that may be older than the memory of its key: a late duplicate of a step whose inbox row has been removed would have its effect again.
 *
 * A job's age counts from when it was put on the queue, its delay included: it may have been put there for a run that has closed since. A run that is still open
 * loses nothing: its activity is attempted again at once, as a fresh job, and no attempt is counted.
 *
 * @param retentionMs for how long keys are kept; 0: for ever, and no job is too old
 * @throws {ApplicationFailure} jobExpired, retryable at once
 */
export function refuseExpiredJob(addedAtMs: number, nowMs: number, retentionMs: number): void {
  const ageMs = nowMs - addedAtMs;
  if (retentionMs <= 0 || ageMs <= retentionMs * JOB_AGE_SHARE) return;
  throw applicationFailure({
    message: `The job has been on its queue for ${Math.floor(ageMs / 1_000)} s, longer than this service is sure to remember its key.`,
    type: FAILURE_TYPE.jobExpired,
    nextRetryDelay: 0,
  });
}
