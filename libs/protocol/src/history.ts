import type { ScheduledActivityOptions, UndoRegistration } from './activity-options.js';
import type { Failure, RetryState } from './failure.js';
import type { JsonObject, JsonValue } from './json.js';
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
  };
  WORKFLOW_TASK_SCHEDULED: Record<string, never>;
  WORKFLOW_TASK_STARTED: { scheduledEventId: number };
  WORKFLOW_TASK_COMPLETED: { scheduledEventId: number; startedEventId: number };
  ACTIVITY_TASK_SCHEDULED: {
    /** Number of the activity in its run, from 1, as the workflow's code counts them. */
    activityId: string;
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
  WORKFLOW_EXECUTION_SIGNALED: { signalName: string; input: JsonValue[]; identity?: string };
  WORKFLOW_EXECUTION_CANCEL_REQUESTED: { cause?: string; identity?: string };
  UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: { searchAttributes: SearchAttributes; workflowTaskCompletedEventId: number };
  WORKFLOW_EXECUTION_COMPLETED: { result: JsonValue; workflowTaskCompletedEventId: number };
  WORKFLOW_EXECUTION_FAILED: { failure: Failure; workflowTaskCompletedEventId: number };
  WORKFLOW_EXECUTION_CANCELED: { details?: JsonValue[]; workflowTaskCompletedEventId: number };
  WORKFLOW_EXECUTION_TERMINATED: { reason: string; identity?: string };
}

/**
 * What Backstitch records in the header's fields of an ACTIVITY_TASK_SCHEDULED event, where Temporal's core lets it pass.
 */
export interface ActivityHeader {
  /** This step's undo (law L3). */
  undo?: UndoRegistration;
  /** This activity IS the undo of the step with that scheduled event. */
  undoOf?: { scheduledEventId: number };
}

export type HistoryEventType = keyof HistoryEventAttributes;

/** One event of a run's append-only history. Ids run from 1 without gaps. */
export type HistoryEvent<T extends HistoryEventType = HistoryEventType> = {
  [K in T]: { eventId: number; eventType: K; eventTimeMs: number; attributes: HistoryEventAttributes[K] };
}[T];

/** Signals with this prefix are Backstitch's own; workflow code never sees them and callers may not send them. */
export const RESERVED_SIGNAL_PREFIX = '__backstitch_';
/** An incident was opened: input `[IncidentOpenedSignal]`. */
export const INCIDENT_OPENED_SIGNAL = '__backstitch_incident_opened';
/** An incident was resolved by a person or by itself: input `[IncidentResolvedSignal]`. */
export const INCIDENT_RESOLVED_SIGNAL = '__backstitch_incident_resolved';
