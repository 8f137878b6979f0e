import type { CarriedUndo, UpdateOutcome } from './activation.js';
import type { ForwardActivity, ScheduledActivityOptions, SettledUndos, UndoRegistration } from './activity-options.js';
import type { ChildWorkflowOptions, WorkflowDurationOptions, WorkflowExecution } from './child-workflow-options.js';
import type { Failure, RetryState } from './failure.js';
import type { Headers } from './headers.js';
import type { JsonObject, JsonValue } from './json.js';
import type { ResolvedRetryPolicy } from './retry-policy.js';
import type { SearchAttributes } from './search-attributes.js';

/** Attributes of every event type that this version writes. Names are Temporal's; payloads are plain JSON here and encoded on export. */
export interface HistoryEventAttributes {
  WORKFLOW_EXECUTION_STARTED: {
    workflowId: string;
    runId: string;
    workflowType: string;
    taskQueue: string;
    input: JsonValue[];
    memo?: JsonObject;
    searchAttributes?: SearchAttributes;
    /** Who asked, for audit. */
    identity?: string;
    /** W3C trace context of the request. */
    traceparent?: string;
    /** Seed of the run's randomness: the first run's id, as in Temporal. */
    randomnessSeed: string;
    /** What the authoring API means for this run: see RUNTIME_VERSION. Absent: 1. */
    runtimeVersion?: number;
    header?: Headers;
    parentWorkflowExecution?: WorkflowExecution;
    parentInitiatedEventId?: number;
    rootWorkflowExecution?: WorkflowExecution;
    continuedExecutionRunId?: string;
    /** Absent: this run is the first of its chain. */
    firstExecutionRunId?: string;
    firstExecutionStartTimeMs?: number;
    /** Absent: 1. */
    attempt?: number;
    retryPolicy?: ResolvedRetryPolicy;
    cronSchedule?: string;
    /** Pause before the first workflow task: a start delay, a retry's backoff, a cron's wait. */
    firstWorkflowTaskBackoffMs?: number;
    continuedFailure?: Failure;
    lastCompletionResult?: JsonValue;
    carriedUndos?: CarriedUndo[];
    /** The build that the run is pinned to, where its type is pinned. */
    buildId?: string;
    /** A run of the engine's own: what it does instead of workflow code. */
    system?: SystemRun;
  } & WorkflowDurationOptions;
  WORKFLOW_TASK_SCHEDULED: Record<string, never>;
  WORKFLOW_TASK_STARTED: { scheduledEventId: number };
  WORKFLOW_TASK_COMPLETED: {
    scheduledEventId: number;
    startedEventId: number;
    buildId?: string;
    /** What no rollback takes back any more. Left out of an export, and where the task ends the run. */
    settledUndos?: SettledUndos;
  };
  /** Written by a reset and by a fork: the run goes on from here. */
  WORKFLOW_TASK_FAILED: {
    scheduledEventId: number;
    startedEventId: number;
    cause: 'RESET_WORKFLOW';
    reason: string;
    identity?: string;
    baseRunId: string;
    newRunId: string;
  };
  ACTIVITY_TASK_SCHEDULED: {
    /** Number of the activity in its run, from 1, as the workflow's code counts them; or the author's own id, unique among the open ones. */
    activityId: string;
    /** That number, where the id is the author's own. Left out of an export. */
    seq?: number;
    activityType: string;
    input: JsonValue[];
    workflowTaskCompletedEventId: number;
    header?: ActivityHeader;
  } & ScheduledActivityOptions;
  ACTIVITY_TASK_STARTED: { scheduledEventId: number; attempt: number; identity?: string; lastFailure?: Failure };
  ACTIVITY_TASK_COMPLETED: { scheduledEventId: number; startedEventId: number; result: JsonValue; identity?: string };
  ACTIVITY_TASK_FAILED: { scheduledEventId: number; startedEventId: number; failure: Failure; retryState: RetryState; identity?: string };
  ACTIVITY_TASK_TIMED_OUT: { scheduledEventId: number; startedEventId: number; failure: Failure; retryState: RetryState };
  ACTIVITY_TASK_CANCEL_REQUESTED: { scheduledEventId: number; workflowTaskCompletedEventId: number };
  ACTIVITY_TASK_CANCELED: { scheduledEventId: number; startedEventId: number; details?: JsonValue[]; identity?: string };
  TIMER_STARTED: { timerId: string; startToFireTimeoutMs: number; workflowTaskCompletedEventId: number };
  TIMER_FIRED: { timerId: string; startedEventId: number };
  TIMER_CANCELED: { timerId: string; startedEventId: number; workflowTaskCompletedEventId: number };
  /** Core's own marker names: `core_patch`, `core_local_activity`. */
  MARKER_RECORDED: { markerName: string; details: JsonObject; failure?: Failure; workflowTaskCompletedEventId: number };
  START_CHILD_WORKFLOW_EXECUTION_INITIATED: {
    /** Number of the child in its run, from 1, as the workflow's code counts them. Not Temporal's; left out of an export. */
    seq: number;
    workflowId: string;
    workflowType: string;
    input: JsonValue[];
    header?: Headers;
    workflowTaskCompletedEventId: number;
  } & ChildWorkflowOptions;
  START_CHILD_WORKFLOW_EXECUTION_FAILED: {
    workflowId: string;
    workflowType: string;
    initiatedEventId: number;
    cause: 'WORKFLOW_ALREADY_EXISTS' | 'WORKFLOW_TYPE_UNKNOWN';
  };
  CHILD_WORKFLOW_EXECUTION_STARTED: { workflowExecution: WorkflowExecution; workflowType: string; initiatedEventId: number };
  CHILD_WORKFLOW_EXECUTION_COMPLETED: ChildClosed & { result: JsonValue };
  CHILD_WORKFLOW_EXECUTION_FAILED: ChildClosed & { failure: Failure; retryState: RetryState };
  CHILD_WORKFLOW_EXECUTION_CANCELED: ChildClosed & { details?: JsonValue[] };
  CHILD_WORKFLOW_EXECUTION_TIMED_OUT: ChildClosed & { retryState: RetryState };
  CHILD_WORKFLOW_EXECUTION_TERMINATED: ChildClosed;
  SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: {
    /** As the workflow's code counts its external signals. Left out of an export. */
    seq: number;
    workflowExecution: { workflowId: string; runId?: string };
    signalName: string;
    input: JsonValue[];
    header?: Headers;
    childWorkflowOnly?: boolean;
    workflowTaskCompletedEventId: number;
  };
  SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED: { initiatedEventId: number; workflowExecution: { workflowId: string; runId?: string }; cause: ExternalCallFailureCause };
  EXTERNAL_WORKFLOW_EXECUTION_SIGNALED: { initiatedEventId: number; workflowExecution: { workflowId: string; runId?: string } };
  REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: {
    /** As the workflow's code counts its external cancellations; absent where a child is cancelled. Left out of an export. */
    seq?: number;
    workflowExecution: { workflowId: string; runId?: string };
    childWorkflowOnly?: boolean;
    reason?: string;
    workflowTaskCompletedEventId: number;
  };
  REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED: { initiatedEventId: number; workflowExecution: { workflowId: string; runId?: string }; cause: ExternalCallFailureCause };
  EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED: { initiatedEventId: number; workflowExecution: { workflowId: string; runId?: string } };
  WORKFLOW_EXECUTION_SIGNALED: {
    signalName: string;
    input: JsonValue[];
    identity?: string;
    header?: Headers;
    /** Who sent it, where another run did; with `initiatedEventId` it makes the delivery idempotent. */
    externalWorkflowExecution?: WorkflowExecution;
    externalInitiatedEventId?: number;
    /** A caller's own key: the same one again is not recorded twice. */
    requestId?: string;
  };
  /** An update of the run that was reset, to be handled again. */
  WORKFLOW_EXECUTION_UPDATE_ADMITTED: {
    request: { meta: { updateId: string; identity?: string }; input: { header?: Headers; name: string; args: JsonValue[] } };
    origin: 'REAPPLY';
  };
  WORKFLOW_EXECUTION_UPDATE_ACCEPTED: {
    protocolInstanceId: string;
    acceptedRequest: { meta: { updateId: string; identity?: string }; input: { header?: Headers; name: string; args: JsonValue[] } };
    workflowTaskCompletedEventId: number;
  };
  WORKFLOW_EXECUTION_UPDATE_COMPLETED: { meta: { updateId: string }; acceptedEventId: number; outcome: UpdateOutcome; workflowTaskCompletedEventId: number };
  WORKFLOW_PROPERTIES_MODIFIED: { upsertedMemo: JsonObject; workflowTaskCompletedEventId: number };
  WORKFLOW_EXECUTION_CANCEL_REQUESTED: {
    cause?: string;
    identity?: string;
    externalWorkflowExecution?: WorkflowExecution;
    externalInitiatedEventId?: number;
  };
  UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: { searchAttributes: SearchAttributes; workflowTaskCompletedEventId: number };
  /** `newExecutionRunId`: the chain goes on by its cron schedule or retry policy. */
  WORKFLOW_EXECUTION_COMPLETED: { result: JsonValue; workflowTaskCompletedEventId: number; newExecutionRunId?: string };
  WORKFLOW_EXECUTION_FAILED: { failure: Failure; workflowTaskCompletedEventId: number; retryState?: RetryState; newExecutionRunId?: string };
  WORKFLOW_EXECUTION_CANCELED: { details?: JsonValue[]; workflowTaskCompletedEventId: number };
  WORKFLOW_EXECUTION_TERMINATED: {
    reason: string;
    identity?: string;
    details?: JsonValue[];
    /** What it had done was to be undone, by it and by the children that end with it. Left out of an export. */
    rollback?: true;
  };
  WORKFLOW_EXECUTION_TIMED_OUT: { retryState: RetryState; newExecutionRunId?: string };
  WORKFLOW_EXECUTION_CONTINUED_AS_NEW: {
    newExecutionRunId: string;
    workflowType: string;
    taskQueue: string;
    input: JsonValue[];
    initiator: 'WORKFLOW' | 'RETRY' | 'CRON_SCHEDULE';
    backoffStartIntervalMs?: number;
    failure?: Failure;
    lastCompletionResult?: JsonValue;
    memo?: JsonObject;
    searchAttributes?: SearchAttributes;
    header?: Headers;
    workflowTaskCompletedEventId: number;
  } & WorkflowDurationOptions;
}

/**
 * What the authoring API means, for runs that start now. A run keeps the version that it was started with.
 *
 * 2: randomness, the order in which signals, conditions and cancellations take effect, and the number of microtasks behind each call are those
 *    of Temporal's own runtime, so that its core accepts what a run decided. 1: before that.
 */
export const RUNTIME_VERSION = 2;

/** What every event has that closes a child. */
interface ChildClosed {
  workflowExecution: WorkflowExecution;
  workflowType: string;
  initiatedEventId: number;
  startedEventId: number;
}

export type ExternalCallFailureCause = 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND';

/** A run that the engine drives by itself: the rollback of a run that was terminated, or whose code is broken (law L7). */
export interface SystemRun {
  kind: 'rollback';
  of: WorkflowExecution;
  reason: string;
  /** The undos that are owed, in order of step start; run in reverse. */
  undos: CarriedUndo[];
  /** A pivot that was under way when the run ended: whether it has happened is not known. A person says whether to undo (PIVOT_IN_DOUBT). */
  pivotInDoubt?: { activityType: string; key: string };
}

/**
 * What Backstitch records in the header's fields of an ACTIVITY_TASK_SCHEDULED event, where Temporal's core lets it pass.
 */
export interface ActivityHeader {
  /** This step's undo (law L3). */
  undo?: UndoRegistration;
  /**
   * This activity IS the undo of the step with that scheduled event; of a step of an earlier run if it is 0, and then the step's key and type stand
   * beside it.
   */
  undoOf?: { scheduledEventId: number; stepKey?: string; stepActivityType?: string };
  /** A pivot, or a step beyond one. */
  forward?: ForwardActivity;
  /** The activity's idempotency key, where it is not made of this run and event: it was begun in an earlier run. */
  key?: string;
  /** What interceptors sent along. */
  headers?: Headers;
}

export type HistoryEventType = keyof HistoryEventAttributes;

/** One event of a run's append-only history. Ids run from 1 without gaps. */
export type HistoryEvent<T extends HistoryEventType = HistoryEventType> = {
  [K in T]: { eventId: number; eventType: K; eventTimeMs: number; attributes: HistoryEventAttributes[K] };
}[T];

/** Signals with this prefix are Backstitch's own; workflow code never sees them and callers may not send them. */
export const RESERVED_SIGNAL_PREFIX = '__backstitch_';
/** No workflow task and no attempt begins from here on: input `[PauseSignal]`. */
export const PAUSED_SIGNAL = '__backstitch_paused';
/** The run goes on: input `[PauseSignal]`. */
export const UNPAUSED_SIGNAL = '__backstitch_unpaused';
/** A linked run undoes this one: input `[WorkflowExecution]`. Stands directly before the event that ends the run. */
export const ROLLBACK_STARTED_SIGNAL = '__backstitch_rollback_started';
/** What `workflowType` a run has that undoes another one. */
export const ROLLBACK_WORKFLOW_TYPE = 'backstitch.rollback';
/** Markers' names, as Temporal's core has them. */
export const PATCH_MARKER = 'core_patch';
export const LOCAL_ACTIVITY_MARKER = 'core_local_activity';

/** Details of a {@link PATCH_MARKER}. */
export interface PatchMarkerDetails {
  'patch-data': { id: string; deprecated: boolean };
}

/** Details of a {@link LOCAL_ACTIVITY_MARKER}. `givenUp`: the workflow cancelled it and did not wait (left out of an export). `backoffMs`: it is to be tried again after a
 * pause that the workflow itself keeps, by a timer. The event's `failure` is there instead of `result` if it failed or was cancelled. */
export interface LocalActivityMarkerDetails {
  data: { seq: number; attempt: number; activityId: string; activityType: string; completeTimeMs: number; originalScheduleTimeMs: number; backoffMs?: number; givenUp?: true };
  result?: JsonValue;
}

/** Payload of the reserved signals that pause a run and let it go on. */
export interface PauseSignal {
  reason: string;
  identity?: string;
}

/** An incident was opened: input `[IncidentOpenedSignal]`. */
export const INCIDENT_OPENED_SIGNAL = '__backstitch_incident_opened';
/** An incident was resolved by a person or by itself: input `[IncidentResolvedSignal]`. */
export const INCIDENT_RESOLVED_SIGNAL = '__backstitch_incident_resolved';
/** An operator did something to an activity: input `[ActivityActionSignal]`. */
export const ACTIVITY_ACTION_SIGNAL = '__backstitch_activity_action';
