import type { Failure, JsonValue, TimeoutType } from '@backstitch/protocol';
import { CancelledFailure, errorToFailure, TimeoutFailure } from '@backstitch/protocol/failures';

/** Why the signal of an attempt aborts: its cancellation was requested, or its worker stops. */
export function cancelledFailure(reason: 'CANCELLED' | 'WORKER_SHUTDOWN' = 'CANCELLED'): CancelledFailure {
  return new CancelledFailure(reason);
}

/** The attempt gave up because its worker stopped: to be made again by another. */
export function workerShutdownFailure(): Failure {
  return { message: 'The worker was shut down.', source: 'Backstitch', applicationFailureInfo: { type: 'WorkerShutdown' } };
}

/** Told by name, so that the class of another copy of the library is known too. */
export function isCancelledFailure(error: unknown): boolean {
  return error instanceof Error && error.name === 'CancelledFailure';
}

/** The function has returned; its result comes from outside. */
export function isAsyncCompletion(error: unknown): boolean {
  return error instanceof Error && error.name === 'CompleteAsyncError';
}

/** A time limit ended the attempt: as data, and as the error that its signal aborts with. */
export function attemptTimedOut(timeoutType: TimeoutType, lastHeartbeatDetails: JsonValue | undefined): { failure: Failure; error: TimeoutFailure } {
  const error = new TimeoutFailure(`activity timed out: ${timeoutType}`, lastHeartbeatDetails, timeoutType);
  return { failure: errorToFailure(error), error };
}
