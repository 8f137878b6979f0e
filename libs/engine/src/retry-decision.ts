import { FAILURE_TYPE, type Failure, type ResolvedRetryPolicy, type RetryState } from '@backstitch/protocol';

/** What is known when an attempt has failed. Times in milliseconds since the epoch. */
export interface FailedAttempt {
  failure: Failure;
  /** The attempt that failed, from 1. */
  attempt: number;
  policy: ResolvedRetryPolicy;
  nowMs: number;
  /** No attempt may begin after it. */
  deadlineMs?: number;
  cancelRequested: boolean;
  /** A number in [0, 1). */
  random: number;
}

export type RetryDecision = { retry: true; delayMs: number } | { retry: false; retryState: RetryState };

/** A year. An attempt that is further off is never made, and nobody would know. */
const RETRY_DELAY_ASKED_MAX_MS = 366 * 24 * 60 * 60 * 1_000;

/** Whether an activity is attempted again, and after which pause. */
export function decideRetry(failed: FailedAttempt): RetryDecision {
  const { failure, attempt, policy } = failed;
  if (failed.cancelRequested) {
    return { retry: false, retryState: 'CANCEL_REQUESTED' };
  }
  if (!isRetryable(failure, policy)) {
    return { retry: false, retryState: 'NON_RETRYABLE_FAILURE' };
  }
  // A delivery that only found another one at work, as after recovery, was no attempt: the step may well be succeeding. Nor was one that came too late.
  const type = failure.applicationFailureInfo?.type;
  const wasMade = type !== FAILURE_TYPE.stepStillRunning && type !== FAILURE_TYPE.jobExpired;
  if (wasMade && policy.maximumAttempts > 0 && attempt >= policy.maximumAttempts) {
    return { retry: false, retryState: 'MAXIMUM_ATTEMPTS_REACHED' };
  }
  const delayMs = delayAskedFor(failure) ?? backoffMs(policy, attempt, failed.random);
  if (failed.deadlineMs !== undefined && failed.nowMs + delayMs >= failed.deadlineMs) {
    return { retry: false, retryState: 'TIMEOUT' };
  }
  return { retry: true, delayMs };
}

/** The pause that the failure itself asks for. It comes over the wire, from whatever language: what is no time span is left out. */
function delayAskedFor({ applicationFailureInfo }: Failure): number | undefined {
  const delayMs: unknown = applicationFailureInfo?.nextRetryDelayMs;
  return typeof delayMs === 'number' && delayMs >= 0 && delayMs <= RETRY_DELAY_ASKED_MAX_MS ? Math.ceil(delayMs) : undefined;
}

/** Pause after the attempt of that number: exponential, capped, then made longer or shorter by the jitter. */
export function backoffMs(policy: ResolvedRetryPolicy, attempt: number, random: number): number {
  const exponential = policy.initialIntervalMs * policy.backoffCoefficient ** (attempt - 1);
  // A large power overflows to Infinity, which the cap takes care of.
  const capped = Math.min(exponential, policy.maximumIntervalMs);
  return Math.max(0, Math.round(capped * (1 + policy.jitter * (2 * random - 1))));
}

function isRetryable(failure: Failure, policy: ResolvedRetryPolicy): boolean {
  if (failure.applicationFailureInfo !== undefined) {
    const { nonRetryable, type } = failure.applicationFailureInfo;
    return nonRetryable !== true && !(type !== undefined && policy.nonRetryableErrorTypes.includes(type));
  }
  if (failure.timeoutFailureInfo !== undefined) {
    const { timeoutType } = failure.timeoutFailureInfo;
    return timeoutType === 'START_TO_CLOSE' || timeoutType === 'HEARTBEAT';
  }
  return failure.terminatedFailureInfo === undefined && failure.serverFailureInfo?.nonRetryable !== true;
}
