import { ActivityFailure, ApplicationFailure, CancelledFailure, isCancellation, SAGA_UNDO_FAILED } from '@backstitch/workflow';

/** How a saga ended that did not succeed. */
export type SagaEnd =
  /** A step failed for good and everything was undone. */
  | { kind: 'compensated'; reason: string; failedStep: string }
  /** The run was cancelled and everything was undone. `failure` ends the run as cancelled. */
  | { kind: 'cancelled'; failure: Error }
  /** Some undo failed for good, as a person decided; or it is no failure of a step. */
  | { kind: 'failed' };

/** What the failure that a saga threw means. `reason` is the type of the service's refusal, e.g. `OutOfStock`. */
export function sagaEndOf(error: unknown): SagaEnd {
  if (error instanceof ApplicationFailure && error.type === SAGA_UNDO_FAILED) return { kind: 'failed' };
  if (error instanceof Error && isCancellation(error)) return { kind: 'cancelled', failure: error };
  if (!(error instanceof ActivityFailure)) return { kind: 'failed' };
  // The step would have been tried again, had the cancellation not come: that, not its failure in passing, ended the run.
  if (error.retryState === 'CANCEL_REQUESTED') return { kind: 'cancelled', failure: new CancelledFailure('cancelled', [], error) };
  const { cause } = error;
  const reason = cause instanceof ApplicationFailure && cause.type ? cause.type : (cause?.message ?? error.message);
  return { kind: 'compensated', reason, failedStep: error.activityType };
}
