import type { ResolvedRetryPolicy } from './retry-policy.js';

/** What happens in the workflow when an activity's cancellation is requested. Temporal's names and meanings. */
export type ActivityCancellationType = 'WAIT_CANCELLATION_COMPLETED' | 'TRY_CANCEL' | 'ABANDON';

/** Options of one activity as they are recorded and dispatched: resolved, in milliseconds, with a unit in each name. */
export interface ScheduledActivityOptions {
  /** The service's queue, e.g. `inventory` or `inventory.compensation`. */
  taskQueue: string;
  /** One attempt may take this long. Absent: no limit of its own. */
  startToCloseTimeoutMs?: number;
  /** An attempt may wait this long for a worker. */
  scheduleToStartTimeoutMs?: number;
  /** All attempts together, with the pauses between them, may take this long. */
  scheduleToCloseTimeoutMs?: number;
  /** A running attempt must report at least this often. */
  heartbeatTimeoutMs?: number;
  retryPolicy: ResolvedRetryPolicy;
  cancellationType: ActivityCancellationType;
}

/** An undo as data (law L3): enough for the engine to run it without any workflow code. */
export interface UndoRegistration {
  activityType: string;
  /** Its own queue, by default the step's with `.compensation` behind it. */
  taskQueue: string;
  startToCloseTimeoutMs?: number;
  heartbeatTimeoutMs?: number;
  retryPolicy: ResolvedRetryPolicy;
}

/** Undos that are owed no more: what they would take back stands. */
export interface SettledUndos {
  /** Of steps of this run, by number as workflow code counts activities. */
  seqs: number[];
  /** Of steps of earlier runs, by the steps' keys. Absent: none. */
  keys?: string[];
}

/** An activity that must succeed in the end, and is tried for as long as it takes: while it does not, a person is told (law L7). */
export type ForwardActivity =
  /** The point of no return of its saga. `settles`: what is owed no more once it has succeeded. */
  | { kind: 'PIVOT'; settles: SettledUndos }
  /** A step beyond the pivot. `again`: it was begun before, as the activity with that number, and failed for good. */
  | { kind: 'STEP'; again?: { seq: number; sinceMs: number } };

/** The single argument that an undo handler gets. */
export interface UndoInput<StepInput = unknown, StepResult = unknown> {
  /** The step's input, exactly as the step got it. */
  input: StepInput;
  /** The step's result where the workflow knew it. The inbox also tells the handler what it stored: see `activityInfo().undo`. */
  result?: StepResult;
}

/** Options of a local activity: run by the orchestrator's own process, recorded as a marker when it ended. */
export interface ScheduledLocalActivityOptions {
  startToCloseTimeoutMs?: number;
  scheduleToStartTimeoutMs?: number;
  scheduleToCloseTimeoutMs?: number;
  /** A pause before the next attempt that is longer than this becomes a timer of the workflow. Default 60,000. */
  localRetryThresholdMs?: number;
  retryPolicy: ResolvedRetryPolicy;
  cancellationType: ActivityCancellationType;
}
