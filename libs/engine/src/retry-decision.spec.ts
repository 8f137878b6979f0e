import { describe, expect, it } from '@jest/globals';
import { DEFAULT_RETRY_POLICY, FAILURE_TYPE, type Failure } from '@backstitch/protocol';
import fc from 'fast-check';
import { backoffMs, decideRetry, type FailedAttempt } from './retry-decision.js';

const policy = { ...DEFAULT_RETRY_POLICY, jitter: 0 };
const failed = (changes: Partial<FailedAttempt> = {}): FailedAttempt => ({ failure: { message: 'no' }, attempt: 1, policy, nowMs: 0, cancelRequested: false, random: 0.5, ...changes });

describe('the pause before the next attempt', () => {
  it('given a policy, when attempts fail, then the pause doubles up to its cap, however many there were', () => {
    expect([1, 2, 3, 7, 8, 9, 5_000].map((attempt) => backoffMs(policy, attempt, 0.5))).toEqual([1_000, 2_000, 4_000, 64_000, 100_000, 100_000, 100_000]);
  });

  it('given jitter, when the pause is computed, then it stays within its share of the pause', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random, jitter) => {
        const exactMs = backoffMs(policy, attempt, 0.5);
        const pauseMs = backoffMs({ ...policy, jitter }, attempt, random);
        expect(pauseMs).toBeGreaterThanOrEqual(Math.floor(exactMs * (1 - jitter)));
        expect(pauseMs).toBeLessThanOrEqual(Math.ceil(exactMs * (1 + jitter)));
      }),
    );
  });
});

describe('whether an attempt is made again', () => {
  const cases: [string, Partial<FailedAttempt>, ReturnType<typeof decideRetry>][] = [
    ['a plain failure', {}, { retry: true, delayMs: 1_000 }],
    ['a failure that names its delay', { failure: { message: '', applicationFailureInfo: { nextRetryDelayMs: 7 } } }, { retry: true, delayMs: 7 }],
    ['a failure that names a delay in the past', { failure: { message: '', applicationFailureInfo: { nextRetryDelayMs: -7 } } }, { retry: true, delayMs: 1_000 }],
    ['a failure that names a delay beyond all time', { failure: { message: '', applicationFailureInfo: { nextRetryDelayMs: 1e300 } } }, { retry: true, delayMs: 1_000 }],
    ['a failure whose delay is no number', { failure: { message: '', applicationFailureInfo: { nextRetryDelayMs: '5' as never } } }, { retry: true, delayMs: 1_000 }],
    ['a failure that says it is not to be tried again', { failure: { message: '', applicationFailureInfo: { nonRetryable: true } } }, { retry: false, retryState: 'NON_RETRYABLE_FAILURE' }],
    ['a type that the policy names', { failure: { message: '', applicationFailureInfo: { type: 'T' } }, policy: { ...policy, nonRetryableErrorTypes: ['T'] } }, { retry: false, retryState: 'NON_RETRYABLE_FAILURE' }],
    ['a type that the policy does not name', { failure: { message: '', applicationFailureInfo: { type: 'U' } }, policy: { ...policy, nonRetryableErrorTypes: ['T'] } }, { retry: true, delayMs: 1_000 }],
    ['a server failure that is final', { failure: { message: '', serverFailureInfo: { nonRetryable: true } } }, { retry: false, retryState: 'NON_RETRYABLE_FAILURE' }],
    ['the last attempt allowed', { attempt: 3, policy: { ...policy, maximumAttempts: 3 } }, { retry: false, retryState: 'MAXIMUM_ATTEMPTS_REACHED' }],
    ['the last attempt allowed, of a step that another delivery still runs', { attempt: 3, policy: { ...policy, maximumAttempts: 3 }, failure: { message: '', applicationFailureInfo: { type: FAILURE_TYPE.stepStillRunning } } }, { retry: true, delayMs: 4_000 }],
    ['the last attempt allowed, whose job had expired', { attempt: 3, policy: { ...policy, maximumAttempts: 3 }, failure: { message: '', applicationFailureInfo: { type: FAILURE_TYPE.jobExpired, nextRetryDelayMs: 0 } } }, { retry: true, delayMs: 0 }],
    ['the last but one', { attempt: 2, policy: { ...policy, maximumAttempts: 3 } }, { retry: true, delayMs: 2_000 }],
    ['a deadline before the next attempt', { nowMs: 500, deadlineMs: 1_500 }, { retry: false, retryState: 'TIMEOUT' }],
    ['a deadline after the next attempt', { nowMs: 500, deadlineMs: 1_501 }, { retry: true, delayMs: 1_000 }],
    ['a requested cancellation', { cancelRequested: true }, { retry: false, retryState: 'CANCEL_REQUESTED' }],
  ];
  it.each(cases)('given %s, when it is decided, then the answer is as expected', (_, changes, expected) => {
    expect(decideRetry(failed(changes))).toEqual(expected);
  });

  it.each([
    ['START_TO_CLOSE', true],
    ['HEARTBEAT', true],
    ['SCHEDULE_TO_CLOSE', false],
    ['SCHEDULE_TO_START', false],
  ] as const)('given a time-out of kind %s, when it is decided, then another attempt: %s', (timeoutType, retry) => {
    const failure: Failure = { message: '', timeoutFailureInfo: { timeoutType } };
    expect(decideRetry(failed({ failure })).retry).toBe(retry);
  });
});
