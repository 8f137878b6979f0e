import type { BatchOutcome } from '../isolate.js';
import type { WorkflowBundle } from '../workflow-bundle.js';

/** What a worker thread is started with. */
export interface SandboxWorkerData {
  bundle: Pick<WorkflowBundle, 'code' | 'sharedCode' | 'runtimeCode' | 'sourceMap'>;
  activationTimeoutMs: number;
  /** One 32-bit number that the host changes after it has posted a batch; the thread sleeps on it. */
  doorbell: SharedArrayBuffer;
}

/** From the host. One `activate` at a time. */
export type HostMessage = { type: 'activate'; batchJson: string } | { type: 'evict'; runIdsJson: string };

/** From the worker. */
export type WorkerMessage = { type: 'ready' } | { type: 'outcome'; outcome: BatchOutcome };
