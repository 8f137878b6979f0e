import type { Sandbox } from '@backstitch/engine';
import { BatchingSandbox } from './batching-sandbox.js';
import { DEFAULT_ACTIVATION_TIMEOUT_MS, type SandboxOptions } from './create-sandbox.js';
import { InThreadRunner } from './in-thread-runner.js';
import { checkBundleVersion, type WorkflowBundle } from './workflow-bundle.js';

export interface InThreadSandboxOptions extends Omit<SandboxOptions, 'threads' | 'memoryPerThreadMiB'> {
  /** False: code that never comes back is not stopped. What stops it costs more than most activations do. Default true. */
  stopsLoops?: boolean;
}

/** A sandbox in the calling thread, for tests: nothing to start or stop, but a memory bomb in workflow code ends the process. */
export function createInThreadSandbox({ bundle, activationTimeoutMs = DEFAULT_ACTIVATION_TIMEOUT_MS, stopsLoops = true }: InThreadSandboxOptions): Sandbox & { readonly bundle: WorkflowBundle } {
  checkBundleVersion(bundle);
  return Object.assign(new BatchingSandbox([new InThreadRunner(bundle, activationTimeoutMs, stopsLoops)], bundle.workflowTypes, activationTimeoutMs), { bundle });
}
