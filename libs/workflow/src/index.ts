export {
  condition,
  defineQuery,
  defineSignal,
  log,
  now,
  proxyActivities,
  random,
  saga,
  setHandler,
  sleep,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from './authoring.js';
export {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  isCancellation,
  ServerFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
  type ApplicationFailureOptions,
} from './failures.js';
export { CancellationScope, type CancellationScopeOptions } from './cancellation-scope.js';
export { IllegalStateError } from './illegal-state-error.js';
export { SAGA_UNDO_FAILED, type Saga, type SagaOptions, type UndoFunction } from './saga.js';
export type { ActivityFunction, ActivityInterfaceFor } from './activity-function.js';
export type { ActivityOptions, ActivityRetryPolicy } from './activity-options.js';
export type { Duration } from './duration.js';
export type { Handler, QueryDefinition, SignalDefinition } from './message-definitions.js';
export type { WorkflowInfo } from './workflow-info.js';
export type { WorkflowLogger } from './workflow-logger.js';
export type { UndoInput } from '@backstitch/protocol';
