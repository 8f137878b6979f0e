import type { Sandbox } from '@backstitch/engine';
import { BatchingSandbox } from './batching-sandbox.js';
import { checkBundleVersion, type WorkflowBundle } from './workflow-bundle.js';
import { WorkerRunner } from './worker-runner.js';

export const DEFAULT_ACTIVATION_TIMEOUT_MS = 1_000;

export interface SandboxOptions {
  bundle: WorkflowBundle;
  /** Worker threads; a run stays on one. Default 1, which advances tens of thousands of runs a second. */
  threads?: number;
  /** How long the code of one batch, or of one run alone, may run; it is stopped up to 100 ms later. Default 1,000. */
  activationTimeoutMs?: number;
  /** Heap of one thread. Code that wants more brings down its thread only. Default 1,024. */
  memoryPerThreadMiB?: number;
}

/**
 * A sandbox on worker threads, which are started now. A thread that is stuck or out of memory is replaced; its runs are unknown then.
 * @throws WorkflowBundleVersionError; Error when the bundle cannot be loaded
 */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { bundle, threads = 1, activationTimeoutMs = DEFAULT_ACTIVATION_TIMEOUT_MS, memoryPerThreadMiB = 1_024 } = options;
  checkBundleVersion(bundle);
  const runners = Array.from({ length: threads }, () => new WorkerRunner(bundle, activationTimeoutMs, memoryPerThreadMiB));
  try {
    await Promise.all(runners.map((runner) => runner.ready()));
  } catch (error) {
    await Promise.all(runners.map((runner) => runner.close()));
    throw error;
  }
  return new BatchingSandbox(runners, bundle.workflowTypes, activationTimeoutMs);
}
