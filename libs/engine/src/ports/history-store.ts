import type { AttemptSummary, Failure, HistoryEvent, Incident, JsonObject, JsonValue, SearchAttributes, WorkflowExecutionStatus } from '@backstitch/protocol';

/** What is kept of a run beside its history, so that nobody need fold the history to list it, wake it or recover it. */
export interface RunRecord {
  workflowId: string;
  runId: string;
  workflowType: string;
  partition: number;
  status: WorkflowExecutionStatus;
  startedAtMs: number;
  closedAtMs?: number;
  /** The fence (law L2): the id that the next appended event gets. */
  nextEventId: number;
  historySizeBytes: number;
  /** A lower bound of the time at which this run has something to do by itself (a timer, a deadline); undefined if never. */
  wakeAtMs?: number;
  /** Activities scheduled and not closed. Recovery looks only at runs where it is above 0. */
  openActivities: number;
  openIncidents: number;
  /**
   * Children that have not closed, external signals and cancellations without an answer, local activities without a result; absent: none.
   * Recovery asks again for them (`EngineSurface.resumeCalls`). Once it was above 0 in a run it is never absent again.
   */
  openCalls?: number;
  requestFingerprint: string;
  searchAttributes: SearchAttributes;
  memo: JsonObject;
  result?: JsonValue;
  failure?: Failure;
}

/** What is known of the attempt that is under way, as its worker reported it. */
export interface RunningAttempt {
  startedAtMs: number;
  /** Its last sign of life, by the engine's clock. */
  heardFromAtMs: number;
  identity?: string;
  /** Its handler has returned: the result comes by task token or by ids, and no job stands for the attempt. */
  completesOutside?: true;
  /** When the run wakes to look whether it still lives: a lower bound, which heartbeats do not move. */
  heartbeatCheckAtMs?: number;
}

/**
 * What is known of an open activity's attempts and is not history (law L8). Written only from the first failure (or re-dispatch) on, and of an attempt
 * that its worker reports: one with a heartbeat or schedule-to-start time-out, one that takes long, one that was handed out again.
 */
export interface AttemptRecord {
  scheduledEventId: number;
  /** The current attempt, from 1. */
  attempt: number;
  /** The current dispatch of that attempt, from 1. */
  dispatch: number;
  /** Revision of the idempotency key: 0, or 1 once an operator has edited the input (later edits keep it). */
  revision: number;
  /** After an edit: the key that gets a tombstone first. */
  supersedesKey?: string;
  /** After an edit: what replaces the recorded input. */
  editedInput?: JsonValue[];
  firstFailureAtMs?: number;
  lastFailure?: Failure;
  lastStartedAtMs?: number;
  nextAttemptAtMs?: number;
  /** Details of the last heartbeat, of this or an earlier attempt: a hint for the next one. */
  heartbeatDetails?: JsonValue;
  /** Absent: the current attempt has not begun, or is one of which nothing is reported. */
  running?: RunningAttempt;
  /** No time-out of the current attempt counts before: when it was due nobody was there to hear from the worker. */
  graceUntilMs?: number;
  /** No further attempt begins until an operator says so. */
  paused?: { reason: string; identity?: string; sinceMs: number };
  /** The newest failed attempts, at most 10, newest last. */
  failedAttempts: AttemptSummary[];
}

/** A run as it is loaded: enough to replay it and to go on. */
export interface StoredRun {
  record: RunRecord;
  events: HistoryEvent[];
  attempts: AttemptRecord[];
  incidents: Incident[];
}

/** One run's part of a commit. */
export interface RunAppend {
  /** The record as it stands after this append. For a new run it is inserted. */
  record: RunRecord;
  /** True: the run is created; `expectedNextEventId` is 1. */
  isNew: boolean;
  /**
   * New run only: that run of the same workflow id ceases to be its current one, and this run takes its place. If it is not the current one any more,
   * the answer is `exists` with the run that is.
   */
  replaces?: string;
  /** This append changes the memo of a run that exists; else a store need not write it. */
  memoChanged?: true;
  /** Run id of another append of this commit: if that one does not pass its fence, this one answers `stale` too, and nothing of it is written. */
  after?: string;
  /** The `nextEventId` that the writer saw. Another value in the store means: stale, and this append loses alone. */
  expectedNextEventId: number;
  /** May be empty: attempts and the record can change without history. The fence is compared all the same. */
  events: HistoryEvent[];
  /** The JSON text of `events`, where it exists already; what a store writes need not be made twice. */
  eventsJson?: readonly Uint8Array[];
  /** They change without events, so the fence does not guard them: a record of an earlier attempt or dispatch than the store's is left out. */
  upsertAttempts: AttemptRecord[];
  deleteAttempts: number[];
  /** Opened or changed. */
  upsertIncidents: Incident[];
}

export type AppendResult =
  | { status: 'committed' }
  /** Someone else appended: reload and replay. */
  | { status: 'stale' }
  /** New run only: the workflow id is taken, by the run that is current. */
  | { status: 'exists'; existing: RunRecord };

/**
 * The truth (law L1).
 *
 * Guarantees: `commit` applies all appends that pass their fence in ONE transaction, durable when it resolves; those that do not pass cost the
 * others nothing. A workflow id has at most one current run: the newest, open or closed; the runs that it replaced stay and can be loaded. A new run whose run id
 * stands in the store already answers `exists` too, with that very run, current or not.
 *
 * Does not promise: any order among runs.
 *
 * Throws StoreUnavailableError when the store cannot be reached; then nothing, or everything that passed, was applied, and the fence tells which.
 */
export interface HistoryStore {
  /** Results in the order of the appends. A run appears at most once; an append comes behind the one it is `after`. */
  commit(appends: readonly RunAppend[]): Promise<AppendResult[]>;
  /** By run id; unknown ones are left out. */
  load(runIds: readonly string[]): Promise<StoredRun[]>;
  /** The current run of each workflow id; unknown ones are left out. */
  findByWorkflowIds(workflowIds: readonly string[]): Promise<RunRecord[]>;
}
