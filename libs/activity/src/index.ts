export { Activities, type ActivitiesOptions } from './decorators/activities.js';
export { Activity } from './decorators/activity.js';
export type { ActivityHandlerOptions, ActivityMode } from './decorators/activity-options.js';
export { sqlStatement, SqlStatement, type SqlStatementOptions } from './statement/sql-statement.js';
export { asyncLocalStorage, Context, type ContextParts, type SliceOptions } from './context/context.js';
export type { ActivityInfo, Info, UndoneStep } from './context/activity-info.js';
export type { ActivityLogger, ActivityLogLevel, LogLine } from './context/activity-logger.js';
export type { ActivityCancellationDetails } from './context/cancellation.js';
export {
  noopMetricMeter,
  registryMeter,
  type MetricCounter,
  type MetricGauge,
  type MetricHistogram,
  type MetricMeter,
  type MetricTags,
} from './context/metric-meter.js';
export { activityInfo, cancellationDetails, cancellationSignal, cancelled, getClient, heartbeat, log, metricMeter, sleep } from './context/functions.js';
export {
  setActivityOptions,
  type ActivityDefinitionOptions,
  type ActivityFunction,
  type ActivityInterface,
  type ActivityTypeInfoMap,
  type UntypedActivities,
} from './functions/activity-definition.js';
export { resumable, type ResumableOptions, type ResumableResult, type Slice, type SliceResult, type SliceTools } from './resumable/resumable.js';
export {
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  TimeoutFailure,
  type ApplicationFailureOptions,
} from './errors/application-failure.js';
export { CompleteAsyncError } from './errors/complete-async-error.js';
export { ACTIVITY_FAILURE_TYPE } from './errors/failure-types.js';
export {
  ActivityDeclarationError,
  AttemptEndedError,
  ClientUnavailableError,
  NoActivityContextError,
  TaskTokenUnavailableError,
  WrongActivityModeError,
} from './errors/usage-errors.js';
export { AttemptFailedError, InvalidEnvelopeError } from './runtime/job-errors.js';
export { INVALID_INPUT, parseInput } from './handlers/parse-input.js';
export { createStepScope, undoneStep, type StepScope } from './handlers/step-scope.js';
export { createInboxMigration } from './inbox/create-inbox-migration.js';
export { createInboxRetentionMigration } from './retention/create-inbox-retention-migration.js';
export { ActivityModule } from './module/activity.module.js';
export { ActivityHost } from './module/activity-host.js';
export type { ActivityFunctions, ActivityModuleAsyncOptions, ActivityModuleOptions } from './module/activity-module-options.js';
export { connectActivities, type ConnectActivitiesOptions } from './module/connect-activities.js';
export type { ActivityObserver, AttemptStatus } from './observability/activity-observer.js';
export { activityMetrics } from './observability/activity-metrics.js';
