import type { WorkflowBundle } from '@backstitch/sandbox';
import type { PartialReport } from './exploration.js';
import type { ExploreOptions, ExploreProgress } from './explore-options.js';

/** What a caller of threads may change of the definition. */
export type ThreadedOptions = Pick<ExploreOptions<object>, 'seed' | 'schedules' | 'crashPoints' | 'faults'>;

/** What a thread is given. */
export interface ThreadData {
  index: number;
  count: number;
  /** Holds the position of the first schedule that is known to fail. */
  firstFailure: Int32Array;
  /** Each thread counts its schedules here. */
  played: Int32Array;
  options: ThreadedOptions;
}

export type FromThread =
  /** The workflows are to be bundled: once for all threads. */
  | { type: 'bundleWanted'; workflowsPath: string }
  | { type: 'progress'; progress: ExploreProgress }
  | { type: 'ended'; seed: number; report: PartialReport }
  /** An error loses its class on its way. */
  | { type: 'failed'; error: Error; wrongOption?: { option: string; reason: string } };

export interface ToThread {
  bundle: WorkflowBundle;
}

/** Where no schedule has failed. */
export const NO_FAILURE = 0x7fff_ffff;
