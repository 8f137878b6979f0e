import type { ForwardActivity, ScheduledActivityOptions, ScheduledLocalActivityOptions, SettledUndos, UndoRegistration } from './activity-options.js';
import type { ChildWorkflowOptions, WorkflowDurationOptions, WorkflowExecution } from './child-workflow-options.js';
import type { Failure } from './failure.js';
import type { Headers } from './headers.js';
import type { JsonObject, JsonValue } from './json.js';
import type { ResolvedRetryPolicy } from './retry-policy.js';
import type { SearchAttributes } from './search-attributes.js';

/**
 * What the engine hands to workflow code, in the order in which it is applied:
 * initialise, patches, random seed, signals and updates as they stand in the history, cancel, results of activities, timers, children and external
 * calls as they stand in the history, local activities, queries.
 */
export type ActivationJob =
  /** `runtimeVersion`: as the run's WORKFLOW_EXECUTION_STARTED records it; absent: 1. */
  | { type: 'initializeWorkflow'; workflowType: string; args: JsonValue[]; randomnessSeed: string; runtimeVersion?: number }
  /** The history records that this patch was seen: `patched` answers true from the start on. Replay only. */
  | { type: 'notifyHasPatch'; patchId: string }
  /** The run goes on from a reset or a fork: randomness begins anew from this seed. Comes after patches. */
  | { type: 'updateRandomSeed'; randomnessSeed: string }
  | { type: 'signalWorkflow'; signalName: string; args: JsonValue[]; headers?: Headers; identity?: string }
  /** `runValidator` is false in replay: what was accepted stays accepted. */
  | { type: 'doUpdate'; updateId: string; updateName: string; args: JsonValue[]; headers?: Headers; identity?: string; runValidator: boolean }
  | { type: 'cancelWorkflow'; reason?: string }
  | { type: 'resolveActivity'; seq: number; resolution: ActivityResolution }
  | { type: 'resolveLocalActivity'; seq: number; resolution: LocalActivityResolution }
  | { type: 'fireTimer'; seq: number }
  | { type: 'resolveChildWorkflowStart'; seq: number; resolution: ChildWorkflowStartResolution }
  /** `failed` and `canceled` carry a ChildWorkflowFailure with its cause. */
  | { type: 'resolveChildWorkflow'; seq: number; resolution: ActivityResolution }
  /** Without a failure: the signal stands in the other run's history. */
  | { type: 'resolveSignalExternalWorkflow'; seq: number; failure?: Failure }
  | { type: 'resolveRequestCancelExternalWorkflow'; seq: number; failure?: Failure }
  | { type: 'queryWorkflow'; queryId: string; queryName: string; args: JsonValue[]; headers?: Headers };

/** How the start of a child went. */
export type ChildWorkflowStartResolution =
  | { status: 'started'; runId: string }
  /** Its workflow id is taken, or its type is unknown. */
  | { status: 'failed'; cause: 'WORKFLOW_ALREADY_EXISTS' | 'WORKFLOW_TYPE_UNKNOWN'; workflowId: string; workflowType: string }
  /** Cancelled before it began: a ChildWorkflowFailure whose cause is a CancelledFailure. */
  | { status: 'canceled'; failure: Failure };

/** How an activity ended, for the workflow. `failed` and `canceled` carry an ActivityFailure with its cause. */
export type ActivityResolution =
  | { status: 'completed'; result: JsonValue }
  | { status: 'failed'; failure: Failure }
  | { status: 'canceled'; failure: Failure };

/** How a local activity ended, or that its next attempt is further off than `localRetryThresholdMs`: then the workflow waits and schedules it again. */
export type LocalActivityResolution = ActivityResolution | { status: 'backoff'; attempt: number; delayMs: number; originalScheduleTimeMs?: number };

/**
 * What workflow code decided. `seq` counts activities (local ones among them), timers, children, external signals and external cancellations of a run
 * separately, from 1, in order of the calls.
 */
export type WorkflowCommand =
  | {
      type: 'scheduleActivity';
      seq: number;
      activityType: string;
      args: JsonValue[];
      options: ScheduledActivityOptions;
      /** saga(): the step's undo, recorded with it. */
      undo?: UndoRegistration;
      /** saga(): this activity undoes the activity with that seq. */
      undoOfSeq?: number;
      /** saga(): this activity undoes a step of an earlier run: one of `RunLineage.carriedUndos`. */
      undoOfStep?: { key: string; activityType: string };
      /** saga(): a pivot, or a step beyond one. Replay does not compare it. */
      forward?: ForwardActivity;
      headers?: Headers;
      /** The author's own id. Absent: the seq. */
      activityId?: string;
      /** For people who look at the run. */
      summary?: string;
    }
  | { type: 'requestCancelActivity'; seq: number }
  | { type: 'startTimer'; seq: number; durationMs: number; summary?: string }
  | { type: 'cancelTimer'; seq: number }
  | { type: 'upsertSearchAttributes'; searchAttributes: SearchAttributes }
  | { type: 'scheduleLocalActivity'; seq: number; activityType: string; args: JsonValue[]; options: ScheduledLocalActivityOptions; headers?: Headers; attempt?: number; originalScheduleTimeMs?: number; summary?: string }
  | { type: 'requestCancelLocalActivity'; seq: number }
  | { type: 'startChildWorkflow'; seq: number; workflowId: string; workflowType: string; args: JsonValue[]; options: ChildWorkflowOptions; headers?: Headers; summary?: string; details?: string }
  | { type: 'cancelChildWorkflow'; seq: number; reason?: string }
  | { type: 'signalExternalWorkflow'; seq: number; target: ExternalTarget; signalName: string; args: JsonValue[]; headers?: Headers }
  /** Gives up a signal that has not been delivered yet. */
  | { type: 'cancelSignalExternalWorkflow'; seq: number }
  | { type: 'requestCancelExternalWorkflow'; seq: number; workflowId: string; runId?: string; reason?: string }
  | { type: 'setPatchMarker'; patchId: string; deprecated: boolean }
  | { type: 'upsertMemo'; memo: JsonObject }
  /** The update passed its validator: its handler runs. */
  | { type: 'acceptUpdate'; updateId: string }
  /** The validator refused it: nothing is recorded. */
  | { type: 'rejectUpdate'; updateId: string; failure: Failure }
  | { type: 'completeUpdate'; updateId: string; outcome: UpdateOutcome }
  /** saga(): these undos are owed no more, since their saga has returned or is beyond its pivot. Stands in the event that completes the workflow task. Replay does not compare it. */
  | ({ type: 'settleUndos' } & SettledUndos)
  | ({ type: 'continueAsNew' } & ContinueAsNewCommand)
  | { type: 'completeWorkflow'; result: JsonValue }
  | { type: 'failWorkflow'; failure: Failure }
  | { type: 'cancelWorkflowExecution' };

/** Whom an external signal is for: any run, or the child that this run started with that seq. */
export type ExternalTarget = { workflowId: string; runId?: string } | { childSeq: number };

/** How an update's handler ended. */
export type UpdateOutcome = { status: 'completed'; result: JsonValue } | { status: 'failed'; failure: Failure };

/** What the next run of the chain begins with. What is absent is as in this run. */
export interface ContinueAsNewCommand extends WorkflowDurationOptions {
  workflowType: string;
  args: JsonValue[];
  taskQueue?: string;
  memo?: JsonObject;
  searchAttributes?: SearchAttributes;
  retryPolicy?: ResolvedRetryPolicy;
  headers?: Headers;
  /** Pause before the next run begins. */
  backoffStartIntervalMs?: number;
  /** Undos that are still owed go along (law L9): their steps' seqs, in order of step start. */
  openUndoSeqs?: number[];
  /** Of the undos that the run before left to this one, the keys of those still owed. Default: all that this run has not undone. */
  openUndoKeys?: string[];
}

/** What `workflowInfo()` tells, as far as the engine knows it. Constant within one activation. */
export interface ActivationInfo {
  workflowId: string;
  runId: string;
  workflowType: string;
  taskQueue: string;
  startTimeMs: number;
  historyLength: number;
  historySizeBytes: number;
  continueAsNewSuggested: boolean;
  searchAttributes: SearchAttributes;
  memo: JsonObject;
  /** True while recorded history is applied again; `log` is silent then. */
  isReplaying: boolean;
  /** What a run has beyond the ordinary; absent in a run that was started by itself, for the first time, without options. */
  lineage?: RunLineage;
  /** The build that runs it, where builds have ids. Read when the run is initialised. */
  buildId?: string;
  /**
   * Keeps the positions in the code that commands come from, for reports and stack traces; costs some µs a call. Read when the run is
   * initialised; in no other way does it change what the code does.
   */
  tracesCalls?: boolean;
}

/** Where a run comes from. Constant in its life. */
export interface RunLineage extends WorkflowDurationOptions {
  parent?: WorkflowExecution;
  root?: WorkflowExecution;
  /** Default: the run's own id. */
  firstExecutionRunId?: string;
  continuedFromRunId?: string;
  /** From 1. */
  attempt?: number;
  retryPolicy?: ResolvedRetryPolicy;
  cronSchedule?: string;
  /** When the first run of the chain began. Default: the run's own start. */
  firstExecutionStartTimeMs?: number;
  executionExpirationTimeMs?: number;
  lastResult?: JsonValue;
  lastFailure?: Failure;
  headers?: Headers;
  /** Undos that the run before left to this one, in order of step start. */
  carriedUndos?: CarriedUndo[];
}

/** An undo that is owed for a step of an earlier run of the chain. */
export interface CarriedUndo extends UndoRegistration {
  /** Idempotency key of the step: its tombstone. */
  stepKey: string;
  stepActivityType: string;
  input: JsonValue;
  result?: JsonValue;
  /** Key of an undo that was begun and did not end: begun again under the same key it takes effect once. */
  undoKey?: string;
}

/** One step of one run in the sandbox. */
export interface Activation {
  runId: string;
  /** What `Date.now()` gives in this activation: the time of the workflow task. */
  timestampMs: number;
  info: ActivationInfo;
  jobs: ActivationJob[];
}

/** A log line of workflow code. */
export interface WorkflowLogEntry {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  message: string;
  attributes?: JsonObject;
}

/** A reserved sink, for the engine itself: function {@link CURRENT_DETAILS_FUNCTION} with the text that `setCurrentDetails` was given. */
export const ENGINE_SINK = '__backstitch';
export const CURRENT_DETAILS_FUNCTION = 'setCurrentDetails';

/** A call of a sink: what workflow code tells the host besides log lines. Told in replay too; the host leaves out what is not meant for it. */
export interface WorkflowSinkCall {
  sinkName: string;
  functionName: string;
  args: JsonValue[];
}

export type QueryAnswer =
  | { queryId: string; status: 'answered'; result: JsonValue }
  | { queryId: string; status: 'failed'; failure: Failure };

/** What an activation came to. */
export type ActivationResult =
  | {
      runId: string;
      status: 'completed';
      commands: WorkflowCommand[];
      logs: WorkflowLogEntry[];
      queryAnswers: QueryAnswer[];
      sinkCalls?: WorkflowSinkCall[];
      /** Where each command comes from, e.g. `src/order.ts:42:11`, '' where that is not known; only with `tracesCalls`. */
      commandPositions?: string[];
    }
  /** The code threw what is no failure of the workflow, or ran past the time limit. The run is evicted from the sandbox. */
  | { runId: string; status: 'taskFailed'; failure: Failure }
  /** The sandbox holds no such run: replay it. */
  | { runId: string; status: 'unknownRun' };
