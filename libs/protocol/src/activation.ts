import type { ScheduledActivityOptions, UndoRegistration } from './activity-options.js';
import type { Failure } from './failure.js';
import type { JsonObject, JsonValue } from './json.js';
import type { SearchAttributes } from './search-attributes.js';

/**
 * What the engine hands to workflow code, in the order in which it is applied:
 * initialise, signals, cancel, activity and timer results, queries.
 */
export type ActivationJob =
  | { type: 'initializeWorkflow'; workflowType: string; args: JsonValue[]; randomnessSeed: string }
  | { type: 'signalWorkflow'; signalName: string; args: JsonValue[] }
  | { type: 'cancelWorkflow'; reason?: string }
  | { type: 'resolveActivity'; seq: number; resolution: ActivityResolution }
  | { type: 'fireTimer'; seq: number }
  | { type: 'queryWorkflow'; queryId: string; queryName: string; args: JsonValue[] };

/** How an activity ended, for the workflow. `failed` and `canceled` carry an ActivityFailure with its cause. */
export type ActivityResolution =
  | { status: 'completed'; result: JsonValue }
  | { status: 'failed'; failure: Failure }
  | { status: 'canceled'; failure: Failure };

/** What workflow code decided. `seq` counts activities and timers of a run separately, from 1, in order of the calls. */
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
    }
  | { type: 'requestCancelActivity'; seq: number }
  | { type: 'startTimer'; seq: number; durationMs: number }
  | { type: 'cancelTimer'; seq: number }
  | { type: 'upsertSearchAttributes'; searchAttributes: SearchAttributes }
  | { type: 'completeWorkflow'; result: JsonValue }
  | { type: 'failWorkflow'; failure: Failure }
  | { type: 'cancelWorkflowExecution' };

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

export type QueryAnswer =
  | { queryId: string; status: 'answered'; result: JsonValue }
  | { queryId: string; status: 'failed'; failure: Failure };

/** What an activation came to. */
export type ActivationResult =
  | { runId: string; status: 'completed'; commands: WorkflowCommand[]; logs: WorkflowLogEntry[]; queryAnswers: QueryAnswer[] }
  /** The code threw what is no failure of the workflow, or ran past the time limit. The run is evicted from the sandbox. */
  | { runId: string; status: 'taskFailed'; failure: Failure }
  /** The sandbox holds no such run: replay it. */
  | { runId: string; status: 'unknownRun' };
