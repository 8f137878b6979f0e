export { condition, log, now, random, sleep, uuid4, workflowInfo } from './authoring.js';
export { inWorkflowContext } from './current-run.js';
export { proxyActivities, proxyLocalActivities, scheduleActivity, scheduleLocalActivity } from './activities.js';
export {
  NotAnActivityMethod,
  type ActivityFunction,
  type ActivityFunctionWithOptions,
  type ActivityInterface,
  type ActivityInterfaceFor,
  type LocalActivityFunctionWithOptions,
  type LocalActivityInterfaceFor,
  type UntypedActivities,
} from './activity-function.js';
export type {
  ActivityOptions,
  ActivityProxyOptions,
  ActivityRetryPolicy,
  ActivityRetryPolicy as RetryPolicy,
  ActivityTypeInfoMap,
  LocalActivityOptions,
  LocalActivityProxyOptions,
} from './activity-options.js';
export { LocalActivityDoBackoff } from './local-activity-backoff.js';
export {
  defineQuery,
  defineSignal,
  defineUpdate,
  type DefaultQueryHandler,
  type DefaultSignalHandler,
  type DefaultUpdateHandler,
  type Handler,
  type QueryDefinition,
  type QueryDefinitionOptions,
  type QueryHandlerOptions,
  type SignalDefinition,
  type SignalDefinitionOptions,
  type SignalHandlerOptions,
  type UpdateDefinition,
  type UpdateDefinitionOptions,
  type UpdateHandlerOptions,
  type UpdateValidator,
} from './message-definitions.js';
export { allHandlersFinished, currentUpdateInfo, setDefaultQueryHandler, setDefaultSignalHandler, setDefaultUpdateHandler, setHandler } from './messages.js';
export type { UpdateInfo } from './update-info.js';
export { addDefaultWorkflowOptions, executeChild, startChild } from './child-workflows.js';
export type { ChildWorkflowOptions, ChildWorkflowOptionsWithDefaults } from './child-workflow-options.js';
export { getExternalWorkflowHandle } from './external-workflows.js';
export { continueAsNew, makeContinueAsNewFunc, type ContinueAsNewOptions } from './continue-as-new.js';
export { ContinueAsNew } from './continue-as-new-error.js';
export { deprecatePatch, patched } from './patched.js';
export { getCurrentDetails, setCurrentDetails, upsertMemo, upsertSearchAttributes } from './visibility.js';
export { defineWorkflowOptions, setWorkflowOptions } from './workflow-definition-options.js';
export { extractWorkflowType, extractWorkflowTypeAndConfig } from './workflow-types.js';
export type {
  BaseWorkflowHandle,
  BaseWorkflowOptions,
  ChildWorkflowHandle,
  CommonWorkflowOptions,
  ExternalWorkflowHandle,
  WithWorkflowArgs,
  Workflow,
  WorkflowDurationOptions,
  WorkflowQueryAnnotatedType,
  WorkflowQueryOptions,
  WorkflowQueryType,
  WorkflowResultType,
  WorkflowReturnType,
  WorkflowSignalAnnotatedType,
  WorkflowSignalOptions,
  WorkflowSignalType,
  WorkflowTypeOptions,
  WorkflowUpdateAnnotatedType,
  WorkflowUpdateType,
  WorkflowUpdateValidatorType,
} from './workflow-types.js';
export {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  isCancellation,
  rootCause,
  ServerFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
  type ApplicationFailureOptions,
} from '@backstitch/protocol/failures';
export {
  CompleteAsyncError,
  DeterminismViolationError,
  ExternalStorageNotConfiguredError,
  IllegalStateError,
  NamespaceNotFoundError,
  WorkflowError,
  WorkflowNotFoundError,
} from './errors.js';
export {
  ActivityCancellationType,
  ChildWorkflowCancellationType,
  decodeWorkflowIdConflictPolicy,
  decodeWorkflowIdReusePolicy,
  encodeWorkflowIdConflictPolicy,
  encodeWorkflowIdReusePolicy,
  HandlerUnfinishedPolicy,
  NexusOperationCancellationType,
  ParentClosePolicy,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from './policies.js';
export { CancellationScope, type CancellationScopeOptions } from './cancellation-scope.js';
export { AsyncLocalStorage } from './async-local-storage.js';
export { Trigger } from './trigger.js';
export { proxySinks, type LoggerSinks, type Sink, type SinkCall, type SinkFunction, type Sinks } from './sinks.js';
export { metricMeter } from './metric-meter.js';
export { getRandomStream, workflowRandom } from './randomness.js';
export type { WorkflowRandomStream } from './random-streams.js';
export { createEventGroup, createNexusServiceClient } from './event-groups.js';
export {
  enhancedStackTraceQuery,
  stackTraceQuery,
  workflowMetadataQuery,
  type EnhancedStackTrace,
  type StackTrace,
  type StackTraceFileSlice,
  type StackTraceSDKInfo,
  type WorkflowMetadata,
} from './built-in-queries.js';
export type { StackTraceFileLocation } from './call-position.js';
export { defaultPayloadConverter, PayloadConverterError, ValueError, type Payload, type PayloadConverter } from '@backstitch/protocol/payloads';
export type { Headers } from '@backstitch/protocol/payloads';
export type * from './interceptors.js';
export type { EventGroupMarker, PayloadTypeInfo, Priority, TypeInfo } from './type-info.js';
export type { SearchAttributes, SearchAttributeValue } from './typed-search-attributes.js';
export type { ParentWorkflowInfo, RootWorkflowInfo, SuggestContinueAsNewReason, UnsafeRandomSource, UnsafeWorkflowInfo, WorkflowInfo } from './workflow-info.js';
export type { WorkflowLogger } from './workflow-logger.js';
export type { Duration } from './duration.js';
export { saga, type LockOptions, type Saga, type SagaOptions, type UndoFunction } from './saga.js';
export { SAGA_UNDO_FAILED } from './saga-run.js';
export type { UndoInput } from '@backstitch/protocol';
