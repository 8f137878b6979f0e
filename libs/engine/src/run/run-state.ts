import type {
  ActivityHeader,
  Failure,
  HistoryEvent,
  Incident,
  JsonObject,
  JsonValue,
  ScheduledActivityOptions,
  SearchAttributes,
  WorkflowExecutionStatus,
} from '@backstitch/protocol';
import type { RunIdentity } from '../engine-options.js';
import type { AttemptRecord, RunRecord, StoredRun } from '../ports/history-store.js';
import { evolve } from './evolve.js';
import { NO_KNOWN_ACTIVITIES, type KnownActivities } from './known-activities.js';
import { extrasOf, openCallsOf, type Child, type ExternalCall, type RunExtras } from './run-extras.js';

/** An activity that is scheduled and not closed. */
export interface OpenActivity {
  readonly scheduledEventId: number;
  readonly activityId: string;
  readonly activityType: string;
  readonly input: JsonValue[];
  /** `seq`: its number, where the id is the author's own. */
  readonly options: ScheduledActivityOptions & { seq?: number };
  readonly header: ActivityHeader;
  readonly scheduledAtMs: number;
  cancelRequested: boolean;
  /** What is known of its attempts; undefined until the first one failed or was dispatched again. */
  attempts?: AttemptRecord;
}

export interface OpenTimer {
  readonly timerId: string;
  readonly startedEventId: number;
  readonly firesAtMs: number;
}

/** An external event that workflow code has not seen yet, with the activity or timer that it closed. */
export interface UnhandledEvent {
  readonly event: HistoryEvent;
  readonly activity?: OpenActivity;
  readonly timer?: OpenTimer;
  readonly child?: Child;
  readonly externalCall?: ExternalCall;
}

/**
 * A run as its history makes it: every field is folded from events by `evolve`, save for attempts and incidents, which are kept beside.
 */
export interface RunState {
  readonly workflowId: string;
  readonly runId: string;
  readonly partition: number;
  readonly requestFingerprint: string;
  workflowType: string;
  taskQueue: string;
  memo: JsonObject;
  searchAttributes: SearchAttributes;
  traceparent?: string;
  status: WorkflowExecutionStatus;
  startedAtMs: number;
  closedAtMs?: number;
  result?: JsonValue;
  failure?: Failure;
  nextEventId: number;
  historySizeBytes: number;
  /** Time of the newest workflow task: workflow code never sees time go back. */
  lastTaskAtMs: number;
  cancelRequested: boolean;
  // Only `evolve` changes these. As long as there is nothing in them they are the shared, empty ones: most runs that sleep have one entry in all.
  /** By scheduling event. */
  openActivities: ReadonlyMap<number, OpenActivity>;
  activities: KnownActivities;
  /** By timer id. */
  openTimers: ReadonlyMap<string, OpenTimer>;
  unhandled: UnhandledEvent[];
  incidents: Incident[];
  /** As the store has it; compared to see whether there is anything to write. */
  committedWakeAtMs?: number;
  /** What the authoring API means for this run; see RUNTIME_VERSION of the protocol. */
  runtimeVersion: number;
  /** A workflow task is due from then on, though nothing else wakes the run: its first one, or the one after a reset. */
  taskDueAtMs?: number;
  /** The build whose code went on with the run last, or is to. */
  buildId?: string;
  extras?: RunExtras;
}

/** Shared by all runs that have none. */
const NOTHING: Readonly<Record<string, never>> = Object.freeze({});

const NO_ENTRIES: ReadonlyMap<never, never> = new Map<never, never>();

/** The map with that entry: the same one, unless it is the shared, empty one. */
export function withEntry<K, V>(entries: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return entries.size === 0 ? new Map([[key, value]]) : (entries as Map<K, V>).set(key, value);
}

/** The map without that entry; the shared one if it was the last. */
export function withoutEntry<K, V>(entries: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!entries.has(key)) {
    return entries;
  }
  if (entries.size === 1) {
    return NO_ENTRIES;
  }
  (entries as Map<K, V>).delete(key);
  return entries;
}

/** A run of which nothing has happened yet. */
export function emptyRunState(identity: Pick<RunState, 'workflowId' | 'runId' | 'partition' | 'requestFingerprint'>): RunState {
  const { workflowId, runId, partition, requestFingerprint } = identity;
  // All fields are named here, and none is spread in: an object that grows beyond what its literal shows is slow to make and to read.
  return {
    workflowId,
    runId,
    partition,
    requestFingerprint,
    workflowType: '',
    taskQueue: '',
    memo: NOTHING,
    searchAttributes: NOTHING,
    traceparent: undefined,
    status: 'RUNNING',
    startedAtMs: 0,
    closedAtMs: undefined,
    result: undefined,
    failure: undefined,
    nextEventId: 1,
    historySizeBytes: 0,
    lastTaskAtMs: 0,
    cancelRequested: false,
    openActivities: NO_ENTRIES,
    activities: NO_KNOWN_ACTIVITIES,
    openTimers: NO_ENTRIES,
    unhandled: [],
    incidents: [],
    committedWakeAtMs: undefined,
    runtimeVersion: 1,
    taskDueAtMs: undefined,
    buildId: undefined,
    extras: undefined,
  };
}

/** Folds a loaded run. */
export function runStateOf(stored: StoredRun): RunState {
  const state = emptyRunState(stored.record);
  for (const event of stored.events) {
    evolve(state, event);
  }
  for (const attempts of stored.attempts) {
    const activity = state.openActivities.get(attempts.scheduledEventId);
    if (activity !== undefined) {
      activity.attempts = attempts;
    }
  }
  state.incidents = [...stored.incidents].sort((a, b) => a.incidentNumber - b.incidentNumber);
  state.committedWakeAtMs = stored.record.wakeAtMs;
  noteCommittedCalls(state, stored.record);
  return state;
}

/** Local activities that are under way, and what a closed run still owes, stand in the record alone. */
function noteCommittedCalls(state: RunState, { openCalls, status }: RunRecord): void {
  if (openCalls !== undefined && (openCalls > 0 || state.extras !== undefined)) {
    const extras = extrasOf(state);
    if (status === 'RUNNING') {
      extras.unseenLocalActivities = Math.max(0, openCalls - (openCallsOf(state) ?? 0));
    }
    extras.committedOpenCalls = openCalls;
    extras.owesCallsAfterClose = status !== 'RUNNING' && openCalls > 0;
  }
}

/** The record that the store keeps beside the history. */
export function recordOf(state: RunState, wakeAtMs: number | undefined): RunRecord {
  const closed = state.status !== 'RUNNING';
  const openCalls = openCallsOf(state);
  return {
    workflowId: state.workflowId,
    runId: state.runId,
    workflowType: state.workflowType,
    partition: state.partition,
    status: state.status,
    startedAtMs: state.startedAtMs,
    closedAtMs: state.closedAtMs,
    nextEventId: state.nextEventId,
    historySizeBytes: state.historySizeBytes,
    wakeAtMs,
    // Nobody waits for the activities of a closed run, and recovery need not look at them.
    openActivities: closed ? 0 : state.openActivities.size,
    openIncidents: state.incidents.length === 0 ? 0 : state.incidents.filter(isOpen).length,
    requestFingerprint: state.requestFingerprint,
    searchAttributes: state.searchAttributes,
    memo: state.memo,
    result: state.result,
    failure: state.failure,
    ...(openCalls === undefined ? {} : { openCalls }),
  };
}

/** Whose facts they are, for the observer. */
export function identityOf({ workflowId, runId, workflowType, traceparent }: RunState): RunIdentity {
  return { workflowId, runId, workflowType, ...(traceparent === undefined ? {} : { traceparent }) };
}

export function isOpen(incident: Incident): boolean {
  return incident.resolution === undefined;
}

/** The open incident that keeps the run from being advanced, if there is one. */
export function holdingIncident(state: RunState): Incident | undefined {
  return state.incidents.find((incident) => isOpen(incident) && isHolding(incident));
}

/** Whether an incident of this kind holds the whole run; the others concern one activity, or say that nobody goes on with the run. */
export function isHolding({ kind }: Pick<Incident, 'kind'>): boolean {
  switch (kind) {
    case 'NONDETERMINISM':
    case 'WORKFLOW_TASK_FAILED':
    case 'HISTORY_LIMIT':
    case 'DRIFT':
    case 'PIVOT_IN_DOUBT':
      return true;
    case 'UNDO_FAILED':
    case 'UNDO_DELAYED':
    case 'STEP_DELAYED':
    case 'QUEUE_NOT_SERVED':
    case 'BUILD_NOT_SERVED':
      return false;
    default: {
      const never: never = kind;
      return never;
    }
  }
}

/** The open incident of that kind about an activity, if there is one. */
export function openIncidentOf(state: RunState, scheduledEventId: number, kind: Incident['kind']): Incident | undefined {
  return state.incidents.find((incident) => incident.kind === kind && isOpen(incident) && incident.scheduledEventId === scheduledEventId);
}
