import {
  INCIDENT_RESOLVED_SIGNAL,
  LOCAL_ACTIVITY_MARKER,
  PATCH_MARKER,
  RESERVED_SIGNAL_PREFIX,
  type ActivityHeader,
  type HistoryEvent,
  type HistoryEventType,
  type IncidentResolvedSignal,
  type JsonObject,
  type LocalActivityMarkerDetails,
  type PatchMarkerDetails,
} from '@backstitch/protocol';
import { jsonBytes, type SizedJson } from '../json.js';
import { mergeSearchAttributes } from '../search-attribute-validation.js';
import { childOfEvent, initiateChild, noteChildCancelRequested } from './children.js';
import { KnownActivities, NO_KNOWN_ACTIVITIES } from './known-activities.js';
import { isSpecialStart, lineageOf } from './lineage.js';
import { noteExternalSignal, noteReservedSignal } from './note-signals.js';
import { extrasOf, type ExternalCall, type KnownUpdate } from './run-extras.js';
import { withEntry, withoutEntry, type RunState } from './run-state.js';

/** Bytes that an event takes beside its attributes: id, type and time. */
export const EVENT_OVERHEAD_BYTES = 64;

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
      // Runs without any share the empty ones that they were made with.
      if (attributes.memo !== undefined) {
        state.memo = attributes.memo;
      }
      if (attributes.searchAttributes !== undefined) {
        state.searchAttributes = mergeSearchAttributes({}, attributes.searchAttributes);
      }
      state.traceparent = attributes.traceparent;
      state.startedAtMs = event.eventTimeMs;
      state.runtimeVersion = attributes.runtimeVersion ?? 1;
      state.taskDueAtMs = event.eventTimeMs;
      state.buildId = attributes.buildId;
      state.unhandled.push({ event });
      if (attributes.runId !== state.runId) {
        extrasOf(state).originRunId = attributes.runId;
      }
      if (isSpecialStart(attributes)) {
        startSpecially(state, event);
      }
      return;
    }
    case 'WORKFLOW_TASK_SCHEDULED':
      return;
    case 'WORKFLOW_TASK_STARTED':
      state.lastTaskAtMs = event.eventTimeMs;
      return;
    case 'WORKFLOW_TASK_COMPLETED':
      state.unhandled = [];
      state.taskDueAtMs = undefined;
      if (event.attributes.buildId !== undefined) {
        state.buildId = event.attributes.buildId;
      }
      return;
    case 'WORKFLOW_TASK_FAILED': {
      // A reset or a fork: what follows is this run's own.
      const { newRunId } = event.attributes;
      extrasOf(state).originRunId = newRunId === state.runId ? undefined : newRunId;
      state.taskDueAtMs = event.eventTimeMs;
      state.unhandled.push({ event });
      return;
    }
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
      state.openActivities = withoutEntry(state.openActivities, scheduledEventId);
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
      const timer = { timerId, startedEventId: event.eventId, firesAtMs: event.eventTimeMs + startToFireTimeoutMs };
      state.openTimers = withEntry(state.openTimers, timerId, timer);
      return;
    }
    case 'TIMER_FIRED': {
      const timer = state.openTimers.get(event.attributes.timerId);
      state.openTimers = withoutEntry(state.openTimers, event.attributes.timerId);
      state.unhandled.push({ event, timer });
      return;
    }
    case 'TIMER_CANCELED':
      state.openTimers = withoutEntry(state.openTimers, event.attributes.timerId);
      return;
    case 'WORKFLOW_EXECUTION_SIGNALED':
      if (event.attributes.signalName.startsWith(RESERVED_SIGNAL_PREFIX)) {
        noteEdit(state, event);
        noteReservedSignal(state, event);
      } else {
        noteExternalSignal(state, event);
      }
      state.unhandled.push({ event });
      return;
    case 'WORKFLOW_EXECUTION_CANCEL_REQUESTED':
      state.cancelRequested = true;
      state.unhandled.push({ event });
      return;
    case 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES':
      state.searchAttributes = mergeSearchAttributes(state.searchAttributes, event.attributes.searchAttributes);
      return;
    case 'WORKFLOW_PROPERTIES_MODIFIED':
      state.memo = mergeMemo(state.memo, event.attributes.upsertedMemo);
      return;
    case 'MARKER_RECORDED':
      noteMarker(state, event);
      return;
    case 'START_CHILD_WORKFLOW_EXECUTION_INITIATED':
      initiateChild(state, event);
      return;
    case 'CHILD_WORKFLOW_EXECUTION_STARTED': {
      const child = childOfEvent(state, event.attributes.initiatedEventId);
      if (child !== undefined) {
        child.startedEventId = event.eventId;
      }
      state.unhandled.push({ event, child });
      return;
    }
    case 'START_CHILD_WORKFLOW_EXECUTION_FAILED':
    case 'CHILD_WORKFLOW_EXECUTION_COMPLETED':
    case 'CHILD_WORKFLOW_EXECUTION_FAILED':
    case 'CHILD_WORKFLOW_EXECUTION_CANCELED':
    case 'CHILD_WORKFLOW_EXECUTION_TIMED_OUT':
    case 'CHILD_WORKFLOW_EXECUTION_TERMINATED': {
      const child = childOfEvent(state, event.attributes.initiatedEventId);
      if (child !== undefined) {
        child.isClosed = true;
      }
      state.unhandled.push({ event, child });
      return;
    }
    case 'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED':
    case 'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED': {
      const extras = extrasOf(state);
      (extras.externalCalls ??= new Map<number, ExternalCall>()).set(event.eventId, event);
      if (event.eventType === 'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED' && event.attributes.childWorkflowOnly === true) {
        noteChildCancelRequested(state, event.attributes.workflowExecution.workflowId);
      }
      return;
    }
    case 'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED':
    case 'EXTERNAL_WORKFLOW_EXECUTION_SIGNALED':
    case 'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED':
    case 'EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED': {
      const calls = state.extras?.externalCalls;
      const externalCall = calls?.get(event.attributes.initiatedEventId);
      calls?.delete(event.attributes.initiatedEventId);
      state.unhandled.push({ event, externalCall });
      return;
    }
    case 'WORKFLOW_EXECUTION_UPDATE_ADMITTED':
      state.unhandled.push({ event });
      return;
    case 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED': {
      const extras = extrasOf(state);
      const { meta, input } = event.attributes.acceptedRequest;
      const { updateId } = meta;
      (extras.updates ??= new Map<string, KnownUpdate>()).set(updateId, { updateId, updateName: input.name, acceptedEventId: event.eventId });
      return;
    }
    case 'WORKFLOW_EXECUTION_UPDATE_COMPLETED': {
      const update = state.extras?.updates?.get(event.attributes.meta.updateId);
      if (update !== undefined) {
        update.outcome = event.attributes.outcome;
      }
      return;
    }
    case 'WORKFLOW_EXECUTION_COMPLETED':
      state.result = event.attributes.result;
      close(state, 'COMPLETED', event);
      noteSuccessor(state, event.attributes.newExecutionRunId);
      return;
    case 'WORKFLOW_EXECUTION_FAILED':
      state.failure = event.attributes.failure;
      if (event.attributes.retryState !== undefined) {
        extrasOf(state).retryState = event.attributes.retryState;
      }
      close(state, 'FAILED', event);
      noteSuccessor(state, event.attributes.newExecutionRunId);
      return;
    case 'WORKFLOW_EXECUTION_CANCELED':
      state.failure = { message: 'Workflow execution canceled', canceledFailureInfo: {} };
      close(state, 'CANCELED', event);
      return;
    case 'WORKFLOW_EXECUTION_TERMINATED':
      state.failure = { message: event.attributes.reason, terminatedFailureInfo: {} };
      if (event.attributes.rollback === true) {
        extrasOf(state).rollsBack = true;
      }
      close(state, 'TERMINATED', event);
      return;
    case 'WORKFLOW_EXECUTION_TIMED_OUT':
      state.failure = { message: 'Workflow execution timed out', timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } };
      extrasOf(state).retryState = event.attributes.retryState;
      close(state, 'TIMED_OUT', event);
      noteSuccessor(state, event.attributes.newExecutionRunId);
      return;
    case 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW':
      close(state, 'CONTINUED_AS_NEW', event);
      noteSuccessor(state, event.attributes.newExecutionRunId);
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
  'WORKFLOW_PROPERTIES_MODIFIED',
  'MARKER_RECORDED',
  'START_CHILD_WORKFLOW_EXECUTION_INITIATED',
  'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED',
  'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED',
  'WORKFLOW_EXECUTION_UPDATE_ACCEPTED',
  'WORKFLOW_EXECUTION_UPDATE_COMPLETED',
  'WORKFLOW_EXECUTION_COMPLETED',
  'WORKFLOW_EXECUTION_FAILED',
  'WORKFLOW_EXECUTION_CANCELED',
  'WORKFLOW_EXECUTION_CONTINUED_AS_NEW',
]);

/** Whether an event was made by a command of the workflow's code. */
export function isCommandEvent(event: HistoryEvent): boolean {
  return COMMAND_EVENT_TYPES.has(event.eventType);
}

function schedule(state: RunState, event: HistoryEvent<'ACTIVITY_TASK_SCHEDULED'>): void {
  const { activityId, seq, activityType, input, header = NO_HEADER } = event.attributes;
  const scheduledEventId = event.eventId;
  if (state.activities === NO_KNOWN_ACTIVITIES) {
    state.activities = new KnownActivities();
  }
  state.activities.add(seq === undefined ? { scheduledEventId, activityId, activityType, revision: 0 } : { scheduledEventId, activityId, seq, activityType, revision: 0 });
  const originRunId = state.extras?.originRunId;
  if (originRunId !== undefined) {
    const extras = extrasOf(state);
    (extras.keyRunIds ??= new Map<number, string>()).set(scheduledEventId, originRunId);
  }
  state.openActivities = withEntry(state.openActivities, scheduledEventId, {
    scheduledEventId,
    activityId,
    activityType,
    input,
    // The attributes are the options, and more: they are not copied.
    options: event.attributes,
    header,
    scheduledAtMs: event.eventTimeMs,
    cancelRequested: false,
  });
}

const NO_HEADER: ActivityHeader = Object.freeze({});

/** The first edit gives the activity's key its revision 1, which later edits keep. It stands in the history as a reserved signal. */
function noteEdit(state: RunState, event: HistoryEvent<'WORKFLOW_EXECUTION_SIGNALED'>): void {
  if (event.attributes.signalName !== INCIDENT_RESOLVED_SIGNAL) {
    return;
  }
  const resolved = event.attributes.input[0] as IncidentResolvedSignal | undefined;
  if (resolved?.action === 'edit' && resolved.scheduledEventId !== undefined) {
    const known = state.activities.ofEvent(resolved.scheduledEventId);
    if (known !== undefined) {
      known.revision = 1;
    }
  }
}

function close(state: RunState, status: RunState['status'], event: HistoryEvent): void {
  state.status = status;
  state.closedAtMs = event.eventTimeMs;
}

function startSpecially(state: RunState, { attributes, eventTimeMs }: HistoryEvent<'WORKFLOW_EXECUTION_STARTED'>): void {
  const extras = extrasOf(state);
  extras.started = attributes;
  extras.lineage = lineageOf(attributes, eventTimeMs);
  state.taskDueAtMs = eventTimeMs + (attributes.firstWorkflowTaskBackoffMs ?? 0);
}

function noteSuccessor(state: RunState, newExecutionRunId: string | undefined): void {
  if (newExecutionRunId !== undefined) {
    extrasOf(state).continuedToRunId = newExecutionRunId;
  }
}

function noteMarker(state: RunState, { attributes }: HistoryEvent<'MARKER_RECORDED'>): void {
  if (attributes.markerName === PATCH_MARKER) {
    const extras = extrasOf(state);
    (extras.patches ??= new Set<string>()).add((attributes.details as unknown as PatchMarkerDetails)['patch-data'].id);
  } else if (attributes.markerName === LOCAL_ACTIVITY_MARKER) {
    const extras = extrasOf(state);
    (extras.endedLocalActivities ??= new Set<number>()).add((attributes.details as unknown as LocalActivityMarkerDetails).data.seq);
  }
}

/** A key whose value is null goes. */
function mergeMemo(memo: JsonObject, upserted: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries({ ...memo, ...upserted }).filter(([, value]) => value !== null));
}
