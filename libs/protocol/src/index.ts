export type { JsonObject, JsonValue } from './json.js';
export type { Headers } from './headers.js';
export type { ApplicationFailureCategory, ChildWorkflowFailureInfo, Failure, RetryState, TimeoutType } from './failure.js';
export type {
  ChildWorkflowCancellationType,
  ChildWorkflowOptions,
  ParentClosePolicy,
  WorkflowDurationOptions,
  WorkflowExecution,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from './child-workflow-options.js';
export { FAILURE_TYPE } from './failure-types.js';
export { DEFAULT_RETRY_POLICY, DEFAULT_UNDO_RETRY_POLICY, resolveRetryPolicy, type ResolvedRetryPolicy, type RetryPolicy } from './retry-policy.js';
export type { ActivityCancellationType, ForwardActivity, ScheduledActivityOptions, ScheduledLocalActivityOptions, SettledUndos, UndoInput, UndoRegistration } from './activity-options.js';
export type { SearchAttributeDefinitions, SearchAttributes, SearchAttributeType, SearchAttributeValue } from './search-attributes.js';
export {
  ACTIVITY_ACTION_SIGNAL,
  INCIDENT_OPENED_SIGNAL,
  INCIDENT_RESOLVED_SIGNAL,
  LOCAL_ACTIVITY_MARKER,
  PATCH_MARKER,
  PAUSED_SIGNAL,
  RESERVED_SIGNAL_PREFIX,
  ROLLBACK_STARTED_SIGNAL,
  ROLLBACK_WORKFLOW_TYPE,
  RUNTIME_VERSION,
  UNPAUSED_SIGNAL,
  type ActivityHeader,
  type ExternalCallFailureCause,
  type HistoryEvent,
  type HistoryEventAttributes,
  type HistoryEventType,
  type LocalActivityMarkerDetails,
  type PatchMarkerDetails,
  type PauseSignal,
  type SystemRun,
} from './history.js';
export type { Incident, IncidentDivergence, IncidentKind, IncidentOpenedSignal, IncidentResolution, IncidentResolvedSignal } from './incident.js';
export {
  activityJobId,
  activityKey,
  ENVELOPE_VERSION,
  type ActivityJob,
  type ActivityOutcome,
  type AttemptEnding,
  type OutcomeBatchJob,
} from './activity-job.js';
export { RETENTION_JOB_NAME, RETENTION_KEYS_MAX, type RetentionAnswerJob, type RetentionQuestionJob, type RunKeys } from './retention-messages.js';
export { CONTROL_DECLINED_HEADER } from './control-headers.js';
export { compensationQueueOf, outcomesQueueOf, serviceOfQueue, serviceQueues, type ServiceQueues } from './queue-names.js';
export type {
  Activation,
  ActivationInfo,
  ActivationJob,
  ActivationResult,
  ActivityResolution,
  CarriedUndo,
  ChildWorkflowStartResolution,
  ContinueAsNewCommand,
  ExternalTarget,
  LocalActivityResolution,
  QueryAnswer,
  RunLineage,
  UpdateOutcome,
  WorkflowCommand,
  WorkflowLogEntry,
  WorkflowSinkCall,
} from './activation.js';
export { CURRENT_DETAILS_FUNCTION, ENGINE_SINK } from './activation.js';
export { LIMITS } from './limits.js';
export { ACQUIRE_LOCK_ACTIVITY, LOCKS_TASK_QUEUE, RELEASE_LOCK_ACTIVITY, type LockRequest } from './locks.js';
export {
  decodeFailure,
  decodePayload,
  decodePayloads,
  ENCODED_PAYLOAD_KEY,
  encodeFailure,
  encodePayload,
  encodePayloads,
  isEncodedPayload,
  PayloadCodecError,
  type PayloadCodec,
} from './payload-codec.js';
export { describePayload, largestOf } from './payload-size.js';
export { isClosed, type WorkflowExecutionStatus, type WorkflowUpdateStage } from './workflow-status.js';
export type * from './control-api.js';
export type * from './activity-actions.js';
export type * from './control-errors.js';
export type * from './workflow-description.js';
export type * from './deployments.js';
export type * from './schedules.js';
export type { ActivityOptionsSummary, AttemptSummary } from './descriptions.js';
export { traceIdOf } from './traceparent.js';
export { DEFAULT_PARTITION_COUNT, partitionOf } from './partition.js';
export {
  ActivityAlreadyClosedError,
  ActivityNotFoundError,
  ControlApiError,
  IncidentAlreadyResolvedError,
  IncidentNotFoundError,
  InternalError,
  InvalidRequestError,
  ListFilterInvalidError,
  OverloadedError,
  PayloadTooLargeError,
  QueryFailedError,
  QueryNotRegisteredError,
  ScheduleAlreadyExistsError,
  ScheduleNotFoundError,
  SearchAttributeInvalidError,
  SearchAttributeUnknownError,
  SignalNameReservedError,
  StoreUnavailableError,
  UnauthenticatedError,
  UpdateNotFoundError,
  UpdateRejectedError,
  WorkflowAlreadyClosedError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowTypeUnknownError,
} from './errors.js';
