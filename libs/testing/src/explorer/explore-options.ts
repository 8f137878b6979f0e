import type { SearchAttributeDefinitions } from '@backstitch/protocol';
import type { WorkflowBundle } from '@backstitch/sandbox';
import type { SimulatedActivities } from '../simulated-services/index.js';
import type { ExploreFailure } from './explorer-errors.js';
import type { Invariant } from './play.js';
import type { FaultKind, Schedule } from './schedule.js';
import type { LocalActivityHandler } from './simulated-local-activities.js';

/** A workflow function, or the name of one. */
export type ExploredWorkflow = string | ((...args: never[]) => Promise<unknown>);

/** A message that schedules send to the run at any of its points. */
export type ExploreMessage = {
  /**
   * Simulated time from the start before which it is not sent, in milliseconds; and at which it is sent by schedules that send it at no other moment. Default 0; a
   * request to cancel is sent by those when nothing else is left to do.
   */
  atMs?: number;
} & (
  | { /** The signal, by its name or definition. */ signal: string | { readonly name: string }; args?: readonly unknown[] }
  | { /** A request to cancel the workflow. */ cancel: true; reason?: string }
);

/** How far an exploration has come. */
export interface ExploreProgress {
  phase: 'crash points' | 'random schedules' | 'shrinking';
  done: number;
  /** Of this phase; of shrinking nobody knows. */
  total: number | undefined;
}

export interface ExploreOptions<State extends object> {
  /** The module that exports the workflow functions. This, or `workflowBundle`. */
  workflowsPath?: string;
  /** What `bundleWorkflows` or `bundleWorkflowCode` made: bundled once for many explorations. */
  workflowBundle?: WorkflowBundle | { bundle: WorkflowBundle };
  /** The workflow's arguments: plain data. Default none. */
  args?: readonly unknown[];
  /** Default `explored`. */
  workflowId?: string;
  /** Signals, and requests to cancel. Each is sent once in every schedule. Default none. */
  signals?: readonly ExploreMessage[];
  /** What all services' databases and the world outside hold at first: plain data, made anew for every schedule. */
  state: () => State;
  /** The activities and their undos, by their names: {@link transaction}, {@link external}, {@link resumable}; a plain function is a transaction. */
  activities: SimulatedActivities<State>;
  /** Functions of local activities, by name; they get the state before their arguments. Default none. */
  localActivities?: Readonly<Record<string, LocalActivityHandler<State>>>;
  /** Throws, or answers a text, where what must hold at the end does not. Asked at the end of every schedule, when nothing is left to do. */
  invariant: Invariant<State>;
  /** What the random schedules are drawn from. The same seed gives the same exploration, on every machine. Default 1. */
  seed?: number;
  /** Random schedules. Default 1,000. */
  schedules?: number;
  /** Plays each single event at each point, on the smooth course of things and on those where one step is refused. Default true. */
  crashPoints?: boolean;
  /** What may go wrong. Default: everything. */
  faults?: readonly FaultKind[];
  /** Whether an incident that is open at the end is for the invariant to judge (`run.openIncidents`), instead of being a failure. Default `fail`. */
  incidents?: 'fail' | 'judge';
  /** Plays one schedule instead of exploring: the text or the schedule of a failure, or the seed of a random one. */
  replay?: string | number | Schedule;
  /** Whether to throw an {@link InvariantBrokenError} for a failure, instead of answering it. Default true. */
  throwOnFailure?: boolean;
  /** Steps of a schedule after which it counts as endless: a short order takes about 30. Default 5,000. */
  stepsMax?: number;
  /** Simulated time after which a schedule counts as endless, in milliseconds. Default 10 years. */
  simulatedTimeMaxMs?: number;
  /** Custom search attributes that the workflow may use. Default none. */
  searchAttributes?: SearchAttributeDefinitions;
  /** Told now and then. Default: a line on standard error where that is a terminal. */
  onProgress?: (progress: ExploreProgress) => void;
}

/** What an exploration came to. */
export interface ExploreReport {
  /** Of the exploration. */
  seed: number;
  /** All schedules that were played, those of shrinking left out. */
  schedulesRun: number;
  /** Of the schedules with a single event at a point. `passed` is `total` unless one failed. */
  crashPoints: { total: number; passed: number };
  /** Random schedules that passed. */
  randomSchedules: { total: number; passed: number };
  /** The shortest schedule that fails, if any does. */
  failure?: ExploreFailure;
}
