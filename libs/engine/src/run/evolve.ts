import { INCIDENT_RESOLVED_SIGNAL, type HistoryEvent, type HistoryEventType, type IncidentResolvedSignal } from '@backstitch/protocol';
import { jsonBytes, type SizedJson } from '../json.js';
import { mergeSearchAttributes } from '../search-attribute-validation.js';
import type { RunState } from './run-state.js';

/** Bytes that an event takes beside its attributes: id, type and time. */
const EVENT_OVERHEAD_BYTES = 64;

/** What an event counts towards the size of its history: the same on every machine, for workflow code can see the sum. */
export function eventBytes(attributes: HistoryEvent['attributes']): number {
  return EVENT_OVERHEAD_BYTES + jsonBytes(attributes);
}

/** As {@link eventBytes}, of attributes that are JSON text already. */
export function eventBytesOf({ bytes }: Pick<SizedJson, 'bytes'>): number {
  return EVENT_OVERHEAD_BYTES + bytes;
}

/**
 * Applies one event to a run. Changes the state in place.
 * @param bytes what the event counts towards the size of its history
 */
export function evolve(state: RunState, event: HistoryEvent, bytes = eventBytes(event.attributes)): void {
  state.nextEventId = event.eventId + 1;
  state.historySizeBytes += bytes;
  switch (event.eventType) {
    case 'WORKFLOW_EXECUTION_STARTED': {
      const { attributes } = event;
      state.workflowType = attributes.workflowType;
      state.taskQueue = attributes.taskQueue;
      state.memo = attributes.memo ?? {};
      state.searchAttributes = mergeSearchAttributes({}, attributes.searchAttributes ?? {});
      state.traceparent = attributes.traceparent;
      state.startedAtMs = event.eventTimeMs;
      state.unhandled.push({ event });
      return;
    }
    case 'WORKFLOW_TASK_SCHEDULED':
      return;
    case 'WORKFLOW_TASK_STARTED':
      state.lastTaskAtMs = event.eventTimeMs;
      return;
    case 'WORKFLOW_TASK_COMPLETED':
      state.unhandled = [];
      return;
    case 'ACTIVITY_TASK_SCHEDULED':
      schedule(state, event);
      return;
    case 'ACTIVITY_TASK_STARTED':
      // Written directly before the event that closes the activity: nothing depends on it.
      return;
    case 'ACTIVITY_TASK_COMPLETED':
    case 'ACTIVITY_TASK_FAILED':
    case 'ACTIVITY_TASK_TIMED_OUT':
    case 'ACTIVITY_TASK_CANCELED': {
      const { scheduledEventId } = event.attributes;
      const activity = state.openActivities.get(scheduledEventId);
      state.openActivities.delete(scheduledEventId);
      state.unhandled.push({ event, activity });
      return;
    }
    case 'ACTIVITY_TASK_CANCEL_REQUESTED': {
      const activity = state.openActivities.get(event.attributes.scheduledEventId);
      if (activity !== undefined) {
        activity.cancelRequested = true;
      }
      return;
    }
    case 'TIMER_STARTED': {
      const { timerId, startToFireTimeoutMs } = event.attributes;
      state.openTimers.set(timerId, { timerId, startedEventId: event.eventId, firesAtMs: event.eventTimeMs + startToFireTimeoutMs });
      return;
    }
    case 'TIMER_FIRED': {
      const timer = state.openTimers.get(event.attributes.timerId);
      state.openTimers.delete(event.attributes.timerId);
      state.unhandled.push({ event, timer });
      return;
    }
    case 'TIMER_CANCELED':
      state.openTimers.delete(event.attributes.timerId);
      return;
    case 'WORKFLOW_EXECUTION_SIGNALED':
      noteEdit(state, event);
      state.unhandled.push({ event });
      return;
    case 'WORKFLOW_EXECUTION_CANCEL_REQUESTED':
      state.cancelRequested = true;
      state.unhandled.push({ event });
      return;
    case 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES':
      state.searchAttributes = mergeSearchAttributes(state.searchAttributes, event.attributes.searchAttributes);
      return;
    case 'WORKFLOW_EXECUTION_COMPLETED':
      state.result = event.attributes.result;
      close(state, 'COMPLETED', event);
      return;
    case 'WORKFLOW_EXECUTION_FAILED':
      state.failure = event.attributes.failure;
      close(state, 'FAILED', event);
      return;
    case 'WORKFLOW_EXECUTION_CANCELED':
      state.failure = { message: 'Workflow execution canceled', canceledFailureInfo: {} };
      close(state, 'CANCELED', event);
      return;
    case 'WORKFLOW_EXECUTION_TERMINATED':
      state.failure = { message: event.attributes.reason, terminatedFailureInfo: {} };
      close(state, 'TERMINATED', event);
      return;
    default: {
      const never: never = event;
      return never;
    }
  }
}

/** Events that a workflow task's commands make; all others come from outside. */
const COMMAND_EVENT_TYPES: ReadonlySet<HistoryEventType> = new Set<HistoryEventType>([
  'ACTIVITY_TASK_SCHEDULED',
  'ACTIVITY_TASK_CANCEL_REQUESTED',
  'TIMER_STARTED',
  'TIMER_CANCELED',
  'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
  'WORKFLOW_EXECUTION_COMPLETED',
  'WORKFLOW_EXECUTION_FAILED',
  'WORKFLOW_EXECUTION_CANCELED',
]);

/** Whether an event was made by a command of the workflow's code. */
export function isCommandEvent(event: HistoryEvent): boolean {
  return COMMAND_EVENT_TYPES.has(event.eventType);
}

function schedule(state: RunState, event: HistoryEvent<'ACTIVITY_TASK_SCHEDULED'>): void {
  const { activityId, activityType, input, header = {}, workflowTaskCompletedEventId: _, ...options } = event.attributes;
  const scheduledEventId = event.eventId;
  const seq = Number(activityId);
  state.activities.set(seq, { scheduledEventId, activityId, activityType, revision: 0 });
  state.activitySeqs.set(scheduledEventId, seq);
  state.openActivities.set(scheduledEventId, {
    scheduledEventId,
    activityId,
    activityType,
    input,
    options,
    header,
    scheduledAtMs: event.eventTimeMs,
    cancelRequested: false,
  });
}

/** The first edit gives the activity's key its revision 1, which later edits keep. It stands in the history as a reserved signal. */
function noteEdit(state: RunState, event: HistoryEvent<'WORKFLOW_EXECUTION_SIGNALED'>): void {
  if (event.attributes.signalName !== INCIDENT_RESOLVED_SIGNAL) {
    return;
  }
  const resolved = event.attributes.input[0] as IncidentResolvedSignal | undefined;
  if (resolved?.action === 'edit' && resolved.scheduledEventId !== undefined) {
    const known = state.activities.get(state.activitySeqs.get(resolved.scheduledEventId) ?? 0);
    if (known !== undefined) {
      known.revision = 1;
    }
  }
}

function close(state: RunState, status: RunState['status'], event: HistoryEvent): void {
  state.status = status;
  state.closedAtMs = event.eventTimeMs;
}
