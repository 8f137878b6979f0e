/** Failures as errors, one set of classes for workflow code, services and clients; and durations as Temporal writes them. */
export {
  ActivityFailure,
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  ChildWorkflowFailure,
  ensureApplicationFailure,
  ensureTemporalFailure,
  isCancellation,
  rootCause,
  ServerFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowExecutionAlreadyStartedError,
  type ApplicationFailureOptions,
} from './temporal-failures.js';
export { errorToFailure, failureToError } from './failure-conversion.js';
export { durationToMs, pauseToMs, type Duration, type StringValue } from './duration.js';
