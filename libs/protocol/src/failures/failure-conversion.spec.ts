import { describe, expect, it } from '@jest/globals';
import type { Failure } from '../failure.js';
import { errorToFailure, failureToError } from './failure-conversion.js';
import { ActivityFailure, ApplicationFailure, CancelledFailure, isCancellation, TimeoutFailure } from './temporal-failures.js';

const timedOut: Failure = {
  message: 'Activity timed out',
  stackTrace: 'Error: somewhere else\n    at there.ts:1:1',
  activityFailureInfo: { scheduledEventId: 7, activityType: 'charge', activityId: '2', retryState: 'TIMEOUT', identity: 'payment@host' },
  cause: { message: 'start to close', timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE', lastHeartbeatDetails: { at: 3 } } },
};

describe('failures as data and as errors', () => {
  it('given a failure with causes, when it becomes an error and data again, then nothing is lost', () => {
    const error = failureToError(timedOut) as ActivityFailure;
    expect(error).toBeInstanceOf(ActivityFailure);
    expect(error).toMatchObject({ activityType: 'charge', activityId: '2', retryState: 'TIMEOUT', scheduledEventId: 7, identity: 'payment@host' });
    expect(error.stack).toBe(timedOut.stackTrace);
    expect(error.cause).toBeInstanceOf(TimeoutFailure);
    expect(errorToFailure(error)).toEqual(timedOut);
  });

  it('given an application failure, when it becomes data, then type, details and pause are told', () => {
    const error = ApplicationFailure.create({ message: 'm', type: 'T', nonRetryable: true, details: [1, { a: undefined }], nextRetryDelay: 5, cause: new RangeError('r') });
    expect(errorToFailure(error)).toMatchObject({
      message: 'm',
      applicationFailureInfo: { type: 'T', nonRetryable: true, details: [1, {}], nextRetryDelayMs: 5 },
      cause: { message: 'r', applicationFailureInfo: { type: 'RangeError' } },
    });
  });

  it('given anything else that was thrown, when it becomes data, then it is told as well as can be', () => {
    expect(errorToFailure('text')).toMatchObject({ message: 'text' });
    expect(errorToFailure(Object.create(null))).toMatchObject({ message: 'A value was thrown that cannot be described.' });
    const circular: { cause?: unknown } & Error = new Error('round and round');
    circular.cause = circular;
    expect(errorToFailure(circular)).toMatchObject({ message: 'round and round' });
    const unwritable: Record<string, unknown> = {};
    unwritable.self = unwritable;
    expect(errorToFailure(ApplicationFailure.retryable('m', 'T', unwritable))).toMatchObject({ applicationFailureInfo: { details: ['[object Object]'] } });
  });

  it('given cancellations, when they are asked for, then a cancelled activity is one and a timed-out one is not', () => {
    expect(isCancellation(new CancelledFailure('x'))).toBe(true);
    expect(isCancellation(failureToError({ ...timedOut, cause: { message: 'c', canceledFailureInfo: {} } }))).toBe(true);
    expect(isCancellation(failureToError(timedOut))).toBe(false);
    expect(isCancellation(new Error('x'))).toBe(false);
  });
});
