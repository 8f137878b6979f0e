import type { Failure } from './failure.js';

/** The options of an activity that a person wants to see. */
export interface ActivityOptionsSummary {
  taskQueue: string;
  maximumAttempts: number;
  startToCloseTimeoutMs?: number;
}

/** One attempt that failed. */
export interface AttemptSummary {
  attempt: number;
  startedAtMs: number;
  finishedAtMs: number;
  failure: Failure;
}
