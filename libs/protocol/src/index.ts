export type { JsonObject, JsonValue } from './json.js';
export type { Failure, RetryState, TimeoutType } from './failure.js';
export { FAILURE_TYPE } from './failure-types.js';
export { DEFAULT_RETRY_POLICY, DEFAULT_UNDO_RETRY_POLICY, resolveRetryPolicy, type ResolvedRetryPolicy, type RetryPolicy } from './retry-policy.js';
export type { ActivityCancellationType, ScheduledActivityOptions, UndoInput, UndoRegistration } from './activity-options.js';
export type { SearchAttributeDefinitions, SearchAttributes, SearchAttributeType, SearchAttributeValue } from './search-attributes.js';
export {
  INCIDENT_OPENED_SIGNAL,
  INCIDENT_RESOLVED_SIGNAL,
  RESERVED_SIGNAL_PREFIX,
  type ActivityHeader,
  type HistoryEvent,
  type HistoryEventAttributes,
  type HistoryEventType,
} from './history.js';
export type { Incident, IncidentKind, IncidentOpenedSignal, IncidentResolution, IncidentResolvedSignal } from './incident.js';
export {
  activityJobId,
  activityKey,
  ENVELOPE_VERSION,
  type ActivityJob,
  type ActivityOutcome,
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
  QueryAnswer,
  WorkflowCommand,
  WorkflowLogEntry,
} from './activation.js';
export { LIMITS } from './limits.js';
export { isClosed, type WorkflowExecutionStatus } from './workflow-status.js';
export type * from './control-api.js';
export type { ActivityOptionsSummary, AttemptSummary } from './descriptions.js';
export { traceIdOf } from './traceparent.js';
export { DEFAULT_PARTITION_COUNT, partitionOf } from './partition.js';
export {
  ControlApiError,
  IncidentAlreadyResolvedError,
  IncidentNotFoundError,
  InternalError,
  InvalidRequestError,
  OverloadedError,
  PayloadTooLargeError,
  QueryFailedError,
  QueryNotRegisteredError,
  SearchAttributeInvalidError,
  SearchAttributeUnknownError,
  SignalNameReservedError,
  StoreUnavailableError,
  UnauthenticatedError,
  WorkflowAlreadyClosedError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowTypeUnknownError,
} from './errors.js';
