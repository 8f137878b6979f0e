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
  requestFingerprint: string;
  searchAttributes: SearchAttributes;
  memo: JsonObject;
  result?: JsonValue;
  failure?: Failure;
}

/** What is known of an open activity's attempts and is not history (law L8). Written only from the first failure (or re-dispatch) on. */
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
  /** Details of the last heartbeat of an earlier attempt: a hint for the next one. */
  heartbeatDetails?: JsonValue;
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
  /** The `nextEventId` that the writer saw. Another value in the store means: stale, and this append loses alone. */
  expectedNextEventId: number;
  /** May be empty: attempts and the record can change without history. The fence is compared all the same. */
  events: HistoryEvent[];
  /** The JSON text of `events`, where it exists already; what a store writes need not be made twice. */
  eventsJson?: string;
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
  /** New run only: the workflow id is taken. */
  | { status: 'exists'; existing: RunRecord };

/**
 * The truth (law L1).
 *
 * Guarantees: `commit` applies all appends that pass their fence in ONE transaction, durable when it resolves; those that do not pass cost the
 * others nothing. A workflow id belongs to at most one run (this version: for as long as the run is retained).
 *
 * Does not promise: any order among runs.
 *
 * Throws StoreUnavailableError when the store cannot be reached; then nothing, or everything that passed, was applied, and the fence tells which.
 */
export interface HistoryStore {
  /** Results in the order of the appends. A run appears at most once. */
  commit(appends: readonly RunAppend[]): Promise<AppendResult[]>;
  /** By run id; unknown ones are left out. */
  load(runIds: readonly string[]): Promise<StoredRun[]>;
  /** The run of each workflow id; unknown ones are left out. */
  findByWorkflowIds(workflowIds: readonly string[]): Promise<RunRecord[]>;
}
