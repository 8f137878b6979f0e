import type { WorkflowBundle } from '../workflow-bundle.js';

/** What a worker thread is started with. */
export interface SandboxWorkerData {
  bundle: Pick<WorkflowBundle, 'code' | 'sharedCode' | 'runtimeCode' | 'sourceMap' | 'generatesCode'>;
  activationTimeoutMs: number;
  /** One 32-bit number that the host changes after it has posted rounds; the thread sleeps on it. */
  doorbell: SharedArrayBuffer;
}

/** From the host. One `activate` at a time, with at least one round. */
export type HostMessage = { type: 'activate'; roundsJson: readonly string[] } | { type: 'evict'; runIdsJson: string };

/**
 * What came of the rounds of one message, as far as they were begun: after a while the thread answers, and is given the rest anew. `stopped`: the round after those
 * that have results ran past the time limit.
 */
export interface RoundsOutcome {
  resultsJson: string[];
  stopped?: { culprit?: string };
}

/** From the worker. */
export type WorkerMessage = { type: 'ready' } | { type: 'outcome'; outcome: RoundsOutcome };
