import type {
  HistoryEvent,
  HistoryEventAttributes,
  HistoryEventType,
  ScheduledActivityOptions,
  SearchAttributeDefinitions,
  UpdateOutcome,
  WorkflowDurationOptions,
  WorkflowExecution,
} from '@backstitch/protocol';
import { exportFailure } from './export-failure.js';
import { activityHeaderOf, headerOf, startHeaderOf } from './export-headers.js';
import { markerDetailsOf } from './export-markers.js';
import { defined, durationOf, fieldsOf, int64Of, optional, payloadsOf, retryPolicyOf, searchAttributesOf, taskQueueOf } from './temporal-json.js';

/** The namespace that exported histories name: there is none in Backstitch. */
export const EXPORT_NAMESPACE = 'default';

/** What of its history an event's attributes depend on. */
export interface ExportContext {
  searchAttributes: SearchAttributeDefinitions;
  /** The latest ACTIVITY_TASK_CANCEL_REQUESTED of an activity. */
  cancelRequestedEventIds: ReadonlyMap<number, number>;
  /** The event that initiated a child or a call to another run. */
  initiated: ReadonlyMap<number, HistoryEvent>;
  /** Size of the history up to and with this event. */
  historySizeBytes: number;
  suggestContinueAsNew: boolean;
  isFirstTask: boolean;
  /** The latest WORKFLOW_TASK_SCHEDULED. */
  taskScheduledEventId: number;
  /** Of the run's WORKFLOW_EXECUTION_STARTED; absent: 1. */
  runtimeVersion?: number;
}

type Attributes = Record<string, unknown>;
type Exporters = { [T in HistoryEventType]: (attributes: HistoryEventAttributes[T], context: ExportContext) => Attributes };

/** The attributes of an event as Temporal's message of that event has them. */
export function exportAttributes({ eventType, attributes }: HistoryEvent, context: ExportContext): Attributes {
  // The pair belongs together by construction; TypeScript cannot follow it through the table.
  const exporter = EXPORTERS[eventType] as (given: HistoryEvent['attributes'], context: ExportContext) => Attributes;
  return defined(exporter(attributes, context));
}

const EXPORTERS: Exporters = {
  WORKFLOW_EXECUTION_STARTED: (attributes, { searchAttributes }) => ({
    workflowId: attributes.workflowId,
    workflowType: typeOf(attributes.workflowType),
    taskQueue: taskQueueOf(attributes.taskQueue),
    input: payloadsOf(attributes.input),
    ...durations(attributes),
    ...(attributes.workflowTaskTimeoutMs === undefined ? { workflowTaskTimeout: '10s' } : {}),
    originalExecutionRunId: attributes.randomnessSeed,
    firstExecutionRunId: attributes.firstExecutionRunId ?? attributes.runId,
    continuedExecutionRunId: attributes.continuedExecutionRunId,
    ...(attributes.parentWorkflowExecution === undefined ? {} : { parentWorkflowNamespace: EXPORT_NAMESPACE }),
    parentWorkflowExecution: attributes.parentWorkflowExecution,
    parentInitiatedEventId: optional(attributes.parentInitiatedEventId, int64Of),
    rootWorkflowExecution: attributes.rootWorkflowExecution ?? { workflowId: attributes.workflowId, runId: attributes.runId },
    attempt: attributes.attempt ?? 1,
    retryPolicy: optional(attributes.retryPolicy, retryPolicyOf),
    cronSchedule: attributes.cronSchedule,
    firstWorkflowTaskBackoff: durationOf(attributes.firstWorkflowTaskBackoffMs ?? 0),
    continuedFailure: optional(attributes.continuedFailure, exportFailure),
    lastCompletionResult: optional(attributes.lastCompletionResult, (result) => payloadsOf([result])),
    memo: optional(attributes.memo, fieldsOf),
    searchAttributes: optional(attributes.searchAttributes, (values) => searchAttributesOf(values, searchAttributes)),
    header: startHeaderOf(attributes),
    identity: attributes.identity,
  }),
  WORKFLOW_TASK_SCHEDULED: () => ({ taskQueue: taskQueueOf('default'), startToCloseTimeout: '10s', attempt: 1 }),
  WORKFLOW_TASK_STARTED: ({ scheduledEventId }, { historySizeBytes, suggestContinueAsNew }) => ({
    scheduledEventId: int64Of(scheduledEventId),
    historySizeBytes: int64Of(historySizeBytes),
    ...(suggestContinueAsNew ? { suggestContinueAsNew } : {}),
  }),
  WORKFLOW_TASK_COMPLETED: ({ scheduledEventId, startedEventId, buildId }, { isFirstTask, runtimeVersion }) => ({
    scheduledEventId: int64Of(scheduledEventId),
    startedEventId: int64Of(startedEventId),
    workerVersion: optional(buildId, (id) => ({ buildId: id })),
    ...(isFirstTask ? { sdkMetadata: { ...(runtimeVersion === undefined ? FLAGS_OF_FIRST_RUNTIME : FLAGS), sdkName: 'backstitch' } } : {}),
  }),
  WORKFLOW_TASK_FAILED: ({ scheduledEventId, startedEventId, cause, reason, identity, baseRunId, newRunId }) => ({
    scheduledEventId: int64Of(scheduledEventId),
    startedEventId: int64Of(startedEventId),
    cause: `WORKFLOW_TASK_FAILED_CAUSE_${cause}`,
    failure: { message: reason },
    identity,
    baseRunId,
    newRunId,
  }),
  ACTIVITY_TASK_SCHEDULED: (attributes) => ({
    activityId: attributes.activityId,
    activityType: typeOf(attributes.activityType),
    taskQueue: taskQueueOf(attributes.taskQueue),
    header: activityHeaderOf(attributes.header),
    input: payloadsOf(attributes.input),
    ...activityTimeouts(attributes),
    workflowTaskCompletedEventId: int64Of(attributes.workflowTaskCompletedEventId),
    retryPolicy: retryPolicyOf(attributes.retryPolicy),
  }),
  ACTIVITY_TASK_STARTED: ({ scheduledEventId, attempt, identity, lastFailure }) => ({
    scheduledEventId: int64Of(scheduledEventId),
    identity,
    attempt,
    lastFailure: optional(lastFailure, exportFailure),
  }),
  ACTIVITY_TASK_COMPLETED: ({ scheduledEventId, startedEventId, result, identity }) => ({
    result: payloadsOf([result]),
    scheduledEventId: int64Of(scheduledEventId),
    startedEventId: int64Of(startedEventId),
    identity,
  }),
  ACTIVITY_TASK_FAILED: ({ scheduledEventId, startedEventId, failure, retryState, identity }) => ({
    failure: exportFailure(failure),
    scheduledEventId: int64Of(scheduledEventId),
    startedEventId: int64Of(startedEventId),
    identity,
    retryState: `RETRY_STATE_${retryState}`,
  }),
  ACTIVITY_TASK_TIMED_OUT: ({ scheduledEventId, startedEventId, failure, retryState }) => ({
    failure: exportFailure(failure),
    scheduledEventId: int64Of(scheduledEventId),
    startedEventId: int64Of(startedEventId),
    retryState: `RETRY_STATE_${retryState}`,
  }),
  ACTIVITY_TASK_CANCEL_REQUESTED: ({ scheduledEventId, workflowTaskCompletedEventId }) => ({
    scheduledEventId: int64Of(scheduledEventId),
    workflowTaskCompletedEventId: int64Of(workflowTaskCompletedEventId),
  }),
  ACTIVITY_TASK_CANCELED: ({ scheduledEventId, startedEventId, details, identity }, { cancelRequestedEventIds }) => ({
    details: optional(details, payloadsOf),
    latestCancelRequestedEventId: optional(cancelRequestedEventIds.get(scheduledEventId), int64Of),
    scheduledEventId: int64Of(scheduledEventId),
    startedEventId: int64Of(startedEventId),
    identity,
  }),
  TIMER_STARTED: ({ timerId, startToFireTimeoutMs, workflowTaskCompletedEventId }) => ({
    timerId,
    startToFireTimeout: durationOf(startToFireTimeoutMs),
    workflowTaskCompletedEventId: int64Of(workflowTaskCompletedEventId),
  }),
  TIMER_FIRED: ({ timerId, startedEventId }) => ({ timerId, startedEventId: int64Of(startedEventId) }),
  TIMER_CANCELED: ({ timerId, startedEventId, workflowTaskCompletedEventId }) => ({
    timerId,
    startedEventId: int64Of(startedEventId),
    workflowTaskCompletedEventId: int64Of(workflowTaskCompletedEventId),
  }),
  MARKER_RECORDED: ({ markerName, details, failure, workflowTaskCompletedEventId }) => ({
    markerName,
    details: markerDetailsOf(markerName, details),
    workflowTaskCompletedEventId: int64Of(workflowTaskCompletedEventId),
    failure: optional(failure, exportFailure),
  }),
  START_CHILD_WORKFLOW_EXECUTION_INITIATED: (attributes, { searchAttributes }) => ({
    namespace: EXPORT_NAMESPACE,
    workflowId: attributes.workflowId,
    workflowType: typeOf(attributes.workflowType),
    taskQueue: taskQueueOf(attributes.taskQueue),
    input: payloadsOf(attributes.input),
    ...durations(attributes),
    parentClosePolicy: `PARENT_CLOSE_POLICY_${attributes.parentClosePolicy}`,
    workflowTaskCompletedEventId: int64Of(attributes.workflowTaskCompletedEventId),
    workflowIdReusePolicy: `WORKFLOW_ID_REUSE_POLICY_${attributes.workflowIdReusePolicy}`,
    retryPolicy: optional(attributes.retryPolicy, retryPolicyOf),
    cronSchedule: attributes.cronSchedule,
    header: headerOf(attributes.header),
    memo: optional(attributes.memo, fieldsOf),
    searchAttributes: optional(attributes.searchAttributes, (values) => searchAttributesOf(values, searchAttributes)),
  }),
  START_CHILD_WORKFLOW_EXECUTION_FAILED: ({ workflowId, workflowType, initiatedEventId }, { initiated }) => ({
    namespace: EXPORT_NAMESPACE,
    workflowId,
    workflowType: typeOf(workflowType),
    // The only cause that Temporal's SDKs know. Where a type is unknown there, the child waits for a worker that knows it.
    cause: 'START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS',
    initiatedEventId: int64Of(initiatedEventId),
    workflowTaskCompletedEventId: taskOf(initiated, initiatedEventId),
  }),
  CHILD_WORKFLOW_EXECUTION_STARTED: ({ workflowExecution, workflowType, initiatedEventId }) => ({
    namespace: EXPORT_NAMESPACE,
    initiatedEventId: int64Of(initiatedEventId),
    workflowExecution,
    workflowType: typeOf(workflowType),
  }),
  CHILD_WORKFLOW_EXECUTION_COMPLETED: (attributes) => ({ result: payloadsOf([attributes.result]), ...childClosed(attributes) }),
  CHILD_WORKFLOW_EXECUTION_FAILED: (attributes) => ({
    failure: exportFailure(attributes.failure),
    ...childClosed(attributes),
    retryState: `RETRY_STATE_${attributes.retryState}`,
  }),
  CHILD_WORKFLOW_EXECUTION_CANCELED: (attributes) => ({ details: optional(attributes.details, payloadsOf), ...childClosed(attributes) }),
  CHILD_WORKFLOW_EXECUTION_TIMED_OUT: (attributes) => ({ ...childClosed(attributes), retryState: `RETRY_STATE_${attributes.retryState}` }),
  CHILD_WORKFLOW_EXECUTION_TERMINATED: childClosed,
  SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: ({ workflowExecution, signalName, input, header, childWorkflowOnly, workflowTaskCompletedEventId }) => ({
    workflowTaskCompletedEventId: int64Of(workflowTaskCompletedEventId),
    namespace: EXPORT_NAMESPACE,
    workflowExecution,
    signalName,
    input: payloadsOf(input),
    childWorkflowOnly,
    header: headerOf(header),
  }),
  SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED: ({ initiatedEventId, workflowExecution, cause }, { initiated }) => ({
    cause: `SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_${cause}`,
    workflowTaskCompletedEventId: taskOf(initiated, initiatedEventId),
    namespace: EXPORT_NAMESPACE,
    workflowExecution,
    initiatedEventId: int64Of(initiatedEventId),
  }),
  EXTERNAL_WORKFLOW_EXECUTION_SIGNALED: externalCalled,
  REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: ({ workflowExecution, childWorkflowOnly, reason, workflowTaskCompletedEventId }) => ({
    workflowTaskCompletedEventId: int64Of(workflowTaskCompletedEventId),
    namespace: EXPORT_NAMESPACE,
    workflowExecution,
    childWorkflowOnly,
    reason,
  }),
  REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED: ({ initiatedEventId, workflowExecution, cause }, { initiated }) => ({
    cause: `CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_${cause}`,
    workflowTaskCompletedEventId: taskOf(initiated, initiatedEventId),
    namespace: EXPORT_NAMESPACE,
    workflowExecution,
    initiatedEventId: int64Of(initiatedEventId),
  }),
  EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED: externalCalled,
  WORKFLOW_EXECUTION_SIGNALED: ({ signalName, input, identity, header, externalWorkflowExecution, requestId }) => ({
    signalName,
    input: payloadsOf(input),
    identity,
    header: headerOf(header),
    externalWorkflowExecution,
    requestId,
  }),
  WORKFLOW_EXECUTION_UPDATE_ADMITTED: ({ request, origin }) => ({ request: updateRequestOf(request), origin: `UPDATE_ADMITTED_EVENT_ORIGIN_${origin}` }),
  WORKFLOW_EXECUTION_UPDATE_ACCEPTED: ({ protocolInstanceId, acceptedRequest }, { taskScheduledEventId }) => ({
    protocolInstanceId,
    acceptedRequestMessageId: `${protocolInstanceId}/request`,
    // Core takes a task without commands and the next one for one and the same, but for an update that came between the two.
    acceptedRequestSequencingEventId: int64Of(taskScheduledEventId),
    acceptedRequest: updateRequestOf(acceptedRequest),
  }),
  WORKFLOW_EXECUTION_UPDATE_COMPLETED: ({ meta, acceptedEventId, outcome }) => ({
    meta,
    acceptedEventId: int64Of(acceptedEventId),
    outcome: outcomeOf(outcome),
  }),
  WORKFLOW_PROPERTIES_MODIFIED: ({ upsertedMemo, workflowTaskCompletedEventId }) => ({
    workflowTaskCompletedEventId: int64Of(workflowTaskCompletedEventId),
    upsertedMemo: fieldsOf(upsertedMemo),
  }),
  WORKFLOW_EXECUTION_CANCEL_REQUESTED: ({ cause, identity, externalWorkflowExecution, externalInitiatedEventId }) => ({
    cause,
    externalInitiatedEventId: optional(externalInitiatedEventId, int64Of),
    externalWorkflowExecution,
    identity,
  }),
  UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: (attributes, { searchAttributes }) => ({
    workflowTaskCompletedEventId: int64Of(attributes.workflowTaskCompletedEventId),
    searchAttributes: searchAttributesOf(attributes.searchAttributes, searchAttributes),
  }),
  WORKFLOW_EXECUTION_COMPLETED: ({ result, workflowTaskCompletedEventId }) => ({
    result: payloadsOf([result]),
    workflowTaskCompletedEventId: int64Of(workflowTaskCompletedEventId),
  }),
  WORKFLOW_EXECUTION_FAILED: ({ failure, workflowTaskCompletedEventId }) => ({
    failure: exportFailure(failure),
    workflowTaskCompletedEventId: int64Of(workflowTaskCompletedEventId),
  }),
  WORKFLOW_EXECUTION_CANCELED: ({ details, workflowTaskCompletedEventId }) => ({
    workflowTaskCompletedEventId: int64Of(workflowTaskCompletedEventId),
    details: optional(details, payloadsOf),
  }),
  WORKFLOW_EXECUTION_TERMINATED: ({ reason, details, identity }) => ({ reason, details: optional(details, payloadsOf), identity }),
  WORKFLOW_EXECUTION_TIMED_OUT: ({ retryState, newExecutionRunId }) => ({ retryState: `RETRY_STATE_${retryState}`, newExecutionRunId }),
  WORKFLOW_EXECUTION_CONTINUED_AS_NEW: (attributes, { searchAttributes }) => ({
    newExecutionRunId: attributes.newExecutionRunId,
    workflowType: typeOf(attributes.workflowType),
    taskQueue: taskQueueOf(attributes.taskQueue),
    input: payloadsOf(attributes.input),
    workflowRunTimeout: optional(attributes.workflowRunTimeoutMs, durationOf),
    workflowTaskTimeout: optional(attributes.workflowTaskTimeoutMs, durationOf),
    workflowTaskCompletedEventId: int64Of(attributes.workflowTaskCompletedEventId),
    backoffStartInterval: optional(attributes.backoffStartIntervalMs, durationOf),
    initiator: `CONTINUE_AS_NEW_INITIATOR_${attributes.initiator}`,
    failure: optional(attributes.failure, exportFailure),
    lastCompletionResult: optional(attributes.lastCompletionResult, (result) => payloadsOf([result])),
    header: headerOf(attributes.header),
    memo: optional(attributes.memo, fieldsOf),
    searchAttributes: optional(attributes.searchAttributes, (values) => searchAttributesOf(values, searchAttributes)),
  }),
};

/**
 * What tells Temporal's core and SDK how this history came to be. Core: 1, kinds and ids of commands are compared on replay; 3, what a workflow task decides
 * after its closing command goes before it. SDK for TypeScript: 1 and 2, scopes and the order of an activation's jobs are those of its release 1.11
 * and later.
 */
const FLAGS = { coreUsedFlags: [1, 3], langUsedFlags: [1, 2] };
/** Histories of Backstitch's first runtime: what follows the closing command was dropped. */
const FLAGS_OF_FIRST_RUNTIME = { coreUsedFlags: [1], langUsedFlags: [1, 2] };

function updateRequestOf({ meta, input }: HistoryEventAttributes['WORKFLOW_EXECUTION_UPDATE_ACCEPTED']['acceptedRequest']): Attributes {
  return { meta, input: defined({ header: headerOf(input.header), name: input.name, args: payloadsOf(input.args) }) };
}

function typeOf(name: string): { name: string } {
  return { name };
}

function durations({ workflowExecutionTimeoutMs, workflowRunTimeoutMs, workflowTaskTimeoutMs }: WorkflowDurationOptions): Attributes {
  return defined({
    workflowExecutionTimeout: optional(workflowExecutionTimeoutMs, durationOf),
    workflowRunTimeout: optional(workflowRunTimeoutMs, durationOf),
    workflowTaskTimeout: optional(workflowTaskTimeoutMs, durationOf),
  });
}

function activityTimeouts(options: ScheduledActivityOptions): Attributes {
  const { scheduleToCloseTimeoutMs, scheduleToStartTimeoutMs, startToCloseTimeoutMs, heartbeatTimeoutMs } = options;
  return defined({
    scheduleToCloseTimeout: optional(scheduleToCloseTimeoutMs, durationOf),
    scheduleToStartTimeout: optional(scheduleToStartTimeoutMs, durationOf),
    startToCloseTimeout: optional(startToCloseTimeoutMs, durationOf),
    heartbeatTimeout: optional(heartbeatTimeoutMs, durationOf),
  });
}

function childClosed(attributes: HistoryEventAttributes['CHILD_WORKFLOW_EXECUTION_TERMINATED']): Attributes {
  const { workflowExecution, workflowType, initiatedEventId, startedEventId } = attributes;
  return {
    namespace: EXPORT_NAMESPACE,
    workflowExecution,
    workflowType: typeOf(workflowType),
    initiatedEventId: int64Of(initiatedEventId),
    startedEventId: int64Of(startedEventId),
  };
}

function externalCalled({ initiatedEventId, workflowExecution }: { initiatedEventId: number; workflowExecution: Partial<WorkflowExecution> }): Attributes {
  return { initiatedEventId: int64Of(initiatedEventId), namespace: EXPORT_NAMESPACE, workflowExecution };
}

function outcomeOf(outcome: UpdateOutcome): Attributes {
  return outcome.status === 'completed' ? { success: payloadsOf([outcome.result]) } : { failure: exportFailure(outcome.failure) };
}

function taskOf(initiated: ReadonlyMap<number, HistoryEvent>, initiatedEventId: number): string | undefined {
  const attributes = initiated.get(initiatedEventId)?.attributes;
  return attributes !== undefined && 'workflowTaskCompletedEventId' in attributes ? int64Of(attributes.workflowTaskCompletedEventId) : undefined;
}

