import type { ActivityJob } from '@backstitch/protocol';

/** A job and when it may start. */
export interface Dispatch {
  taskQueue: string;
  job: ActivityJob;
  /** Backoff that the engine computed; 0 for a first attempt. */
  delayMs: number;
}

/**
 * Puts attempts on queues. A queue holds hints (law L1): losing a job delays work and loses nothing.
 *
 * Guarantees: resolves when the queue has taken the jobs; rejects, within a few seconds at most, when it cannot be reached.
 * A job whose id the queue already holds is not added twice.
 *
 * Does not promise: that the job is delivered, or delivered once.
 */
export interface Dispatcher {
  dispatch(dispatches: readonly Dispatch[]): Promise<void>;
  /**
   * Asks that attempts be given up: takes each off its queue if it waits there, or else leaves a flag that its worker reads when it heartbeats or
   * renews its lock (not with `onlyIfWaiting`: one that runs is left alone). Answers which were taken off before they began;
   * of two that name the same attempt, the first.
   */
  cancel(
    attempts: readonly { taskQueue: string; job: Pick<ActivityJob, 'runId' | 'scheduledEventId' | 'attempt' | 'dispatch'>; onlyIfWaiting?: boolean }[],
  ): Promise<{ removed: boolean[] }>;
}
