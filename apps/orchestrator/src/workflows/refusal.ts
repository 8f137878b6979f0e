import { ActivityFailure, ApplicationFailure, isCancellation, SAGA_UNDO_FAILED } from '@backstitch/workflow';

/** How a saga ended that did not succeed. */
export type SagaEnd =
  /** A step failed for good and everything was undone. */
  | { kind: 'compensated'; reason: string; failedStep: string }
  /** The run was cancelled and everything was undone. */
  | { kind: 'cancelled' }
  /** Some undo failed for good, as a person decided; or it is no failure of a step. */
  | { kind: 'failed' };

/** What the failure that a saga threw means. `reason` is the type of the service's refusal, e.g. `OutOfStock`. */
export function sagaEndOf(error: unknown): SagaEnd {
  if (error instanceof ApplicationFailure && error.type === SAGA_UNDO_FAILED) return { kind: 'failed' };
  if (isCancellation(error)) return { kind: 'cancelled' };
  if (!(error instanceof ActivityFailure)) return { kind: 'failed' };
  const { cause } = error;
  const reason = cause instanceof ApplicationFailure && cause.type ? cause.type : (cause?.message ?? error.message);
  return { kind: 'compensated', reason, failedStep: error.activityType };
}
