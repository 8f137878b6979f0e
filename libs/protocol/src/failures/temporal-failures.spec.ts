import { describe, expect, it } from '@jest/globals';
import { durationToMs, pauseToMs } from './duration.js';
import { errorToFailure, failureToError } from './failure-conversion.js';
import { ApplicationFailure, CancelledFailure, ChildWorkflowFailure, ensureTemporalFailure, isCancellation, rootCause, TimeoutFailure } from './temporal-failures.js';

class OutOfStock extends Error {}

describe('failures as classes', () => {
  it('given any error, when a failure is made of it, then its class, message, stack and cause are kept, and overrides count', () => {
    const error = new OutOfStock('none left', { cause: new Error('deeper') });
    expect(ApplicationFailure.fromError(error, { nonRetryable: true, details: [1] })).toMatchObject({ message: 'none left', type: 'OutOfStock', nonRetryable: true, details: [1], stack: error.stack, cause: { message: 'deeper' } });
    expect(ensureTemporalFailure('text')).toMatchObject({ message: 'text' });
    const already = ApplicationFailure.retryable('m');
    expect(ensureTemporalFailure(already)).toBe(already);
  });

  it('given a failure with category and pause, when it crosses processes, then both are kept', () => {
    const sent = errorToFailure(ApplicationFailure.create({ message: 'm', category: 'BENIGN', nextRetryDelay: '2s' }));
    expect(sent.applicationFailureInfo).toMatchObject({ category: 'BENIGN', nextRetryDelayMs: 2_000 });
    expect(failureToError(sent)).toMatchObject({ category: 'BENIGN', nextRetryDelay: 2_000 });
    expect(() => ApplicationFailure.create({ nextRetryDelay: 'soon' as never })).toThrow(/nextRetryDelay/);
  });

  it('given the failure of a child, when it crosses processes, then child and chain of causes are kept', () => {
    const error = new ChildWorkflowFailure('default', { workflowId: 'c', runId: 'r' }, 'child', 'TIMEOUT', new TimeoutFailure('late', undefined, 'START_TO_CLOSE'));
    const sent = errorToFailure(error);
    expect(sent).toMatchObject({ message: 'Child Workflow execution failed', childWorkflowExecutionFailureInfo: { workflowId: 'c', runId: 'r', workflowType: 'child', retryState: 'TIMEOUT' }, cause: { timeoutFailureInfo: {} } });
    const received = failureToError(sent);
    expect(received).toBeInstanceOf(ChildWorkflowFailure);
    expect(received.cause).toBeInstanceOf(TimeoutFailure);
    expect(errorToFailure(received)).toEqual(sent);
    expect([rootCause(received), rootCause('text'), rootCause(1)]).toEqual(['late', 'text', undefined]);
    expect(isCancellation(new ChildWorkflowFailure('default', {}, 'child', 'CANCEL_REQUESTED', new CancelledFailure('x')))).toBe(true);
  });

  it('given durations of pauses, when they are read, then zero and less are a millisecond', () => {
    expect([pauseToMs(-5, 'x'), pauseToMs(0, 'x'), pauseToMs('0s', 'x'), pauseToMs(1.2, 'x'), pauseToMs('-1 day', 'x'), durationToMs(0, 'x')]).toEqual([1, 1, 1, 2, 1, 0]);
    expect(() => pauseToMs(NaN, 'pause')).toThrow(/pause must be a duration/);
  });
});
