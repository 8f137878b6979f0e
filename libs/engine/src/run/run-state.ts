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

/** An activity that is scheduled and not closed. */
export interface OpenActivity {
  readonly scheduledEventId: number;
  readonly activityId: string;
  readonly activityType: string;
  readonly input: JsonValue[];
  readonly options: ScheduledActivityOptions;
  readonly header: ActivityHeader;
  readonly scheduledAtMs: number;
  cancelRequested: boolean;
  /** What is known of its attempts; undefined until the first one failed or was dispatched again. */
  attempts?: AttemptRecord;
}

/** What is kept of every activity, open or closed, for as long as the run is in memory. */
export interface KnownActivity {
  readonly scheduledEventId: number;
  readonly activityId: string;
  readonly activityType: string;
  /** Revision of its key: 1 once an operator has edited its input. */
  revision: number;
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
  /** By scheduling event. */
  readonly openActivities: Map<number, OpenActivity>;
  /** By number, as workflow code counts them. */
  readonly activities: Map<number, KnownActivity>;
  /** Numbers of activities by scheduling event. */
  readonly activitySeqs: Map<number, number>;
  /** By timer id. */
  readonly openTimers: Map<string, OpenTimer>;
  unhandled: UnhandledEvent[];
  incidents: Incident[];
  /** As the store has it; compared to see whether there is anything to write. */
  committedWakeAtMs?: number;
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
    memo: {},
    searchAttributes: {},
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
    openActivities: new Map(),
    activities: new Map(),
    activitySeqs: new Map(),
    openTimers: new Map(),
    unhandled: [],
    incidents: [],
    committedWakeAtMs: undefined,
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
  return state;
}

/** The record that the store keeps beside the history. */
export function recordOf(state: RunState, wakeAtMs: number | undefined): RunRecord {
  const closed = state.status !== 'RUNNING';
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

/** Whether an incident of this kind holds the whole run; the others concern one undo. */
export function isHolding({ kind }: Pick<Incident, 'kind'>): boolean {
  switch (kind) {
    case 'NONDETERMINISM':
    case 'WORKFLOW_TASK_FAILED':
    case 'HISTORY_LIMIT':
      return true;
    case 'UNDO_FAILED':
    case 'UNDO_DELAYED':
      return false;
    default: {
      const never: never = kind;
      return never;
    }
  }
}

/** The open incident about an activity, if there is one. */
export function openIncidentOf(state: RunState, scheduledEventId: number): Incident | undefined {
  return state.incidents.find((incident) => isOpen(incident) && incident.scheduledEventId === scheduledEventId);
}
