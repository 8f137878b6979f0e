/**
 * What workflow code, services and clients share, under the names of `@temporalio/common`: import it where a file written for Temporal imports that.
 * No function here needs a sandbox.
 */
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
} from '@backstitch/protocol/failures';
export {
  CompleteAsyncError,
  ExternalStorageNotConfiguredError,
  IllegalStateError,
  NamespaceNotFoundError,
  WorkflowNotFoundError,
} from './errors.js';
export {
  ActivityCancellationType,
  decodeWorkflowIdConflictPolicy,
  decodeWorkflowIdReusePolicy,
  encodeWorkflowIdConflictPolicy,
  encodeWorkflowIdReusePolicy,
  HandlerUnfinishedPolicy,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from './policies.js';
export { RetryState, SdkComponent, TimeoutType } from './common-enums.js';
export { msOptionalToNumber, msToNumber } from './common-time.js';
export { errorCode, errorMessage, isAbortError, isError, isRecord } from './error-helpers.js';
export { defaultFailureConverter, type FailureConverter } from './failure-converter.js';
export {
  arrayFromPayloads,
  BinaryPayloadConverter,
  CompositePayloadConverter,
  DefaultPayloadConverter,
  defaultPayloadConverter,
  decodeUtf8 as decode,
  decodeUtf8 as str,
  encodeUtf8 as encode,
  encodeUtf8 as u8,
  encodingKeys,
  encodingTypes,
  fromPayloadsAtIndex,
  JsonPayloadConverter,
  mapFromPayloads,
  mapToPayloads,
  METADATA_ENCODING_KEY,
  METADATA_MESSAGE_TYPE_KEY,
  PayloadConverterError,
  toPayloads,
  UndefinedPayloadConverter,
  ValueError,
  type DataConverter,
  type EncodingType,
  type Payload,
  type PayloadConverter,
  type PayloadConverterWithEncoding,
  type PayloadsCodec as PayloadCodec,
} from '@backstitch/protocol/payloads';
export type { Headers } from '@backstitch/protocol/payloads';
export {
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
  type SearchAttributeKey,
  type SearchAttributePair,
  type SearchAttributes,
  type SearchAttributeUpdatePair,
  type SearchAttributeValue,
  type SearchAttributeValueOrReadonly,
} from './typed-search-attributes.js';
export {
  InitialVersioningBehavior,
  toCanonicalString,
  VersioningBehavior,
  type WorkerDeploymentVersion,
  type WorkflowDefinitionConfig,
  type WorkflowDefinitionOptions,
  type WorkflowDefinitionOptionsOrGetter,
  type WorkflowStaticOptions,
} from './workflow-definition-options.js';
export { extractWorkflowType, extractWorkflowTypeAndConfig } from './workflow-types.js';
export type {
  BaseWorkflowHandle,
  BaseWorkflowOptions,
  CommonWorkflowOptions,
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
export type { QueryDefinition, QueryDefinitionOptions, SignalDefinition, SignalDefinitionOptions, UpdateDefinition, UpdateDefinitionOptions } from './message-definitions.js';
export type { ActivityFunction, ActivityFunctionWithOptions, ActivityInterface, UntypedActivities } from './activity-function.js';
export type { ActivityOptions, ActivityRetryPolicy as RetryPolicy, ActivityTypeInfoMap, LocalActivityOptions } from './activity-options.js';
export type { Duration, StringValue } from '@backstitch/protocol/failures';
export type { Next } from './interceptors.js';
export type { Metric, MetricCounter, MetricGauge, MetricHistogram, MetricKind, MetricMeter, MetricTags, MetricUpDownCounter, NumericMetricValueType } from './metric-types.js';
export type { ConverterHint, PayloadTypeInfo, Priority, SignalTypeInfo, TransferTypeConverter, TypeInfo, VersioningIntent } from './type-info.js';
export type { SuggestContinueAsNewReason } from './workflow-info.js';
export type { WorkflowExecution } from '@backstitch/protocol';
export { noopMetricMeter } from './noop-metric-meter.js';
