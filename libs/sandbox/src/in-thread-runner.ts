import type { ActivationRunner, RunnerOutcome } from './activation-runner.js';
import { Isolate } from './isolate.js';
import type { WorkflowBundle } from './workflow-bundle.js';

/** Runs batches in the calling thread. What no time limit stops (memory) ends the process. */
export class InThreadRunner implements ActivationRunner {
  readonly #isolate: Isolate;

  constructor(bundle: WorkflowBundle, activationTimeoutMs: number) {
    this.#isolate = new Isolate(bundle, { timeoutMs: activationTimeoutMs, handleRejections: true });
  }

  run(batchJson: string): Promise<RunnerOutcome> {
    return Promise.resolve(this.#isolate.activate(batchJson));
  }

  evict(runIdsJson: string): void {
    this.#isolate.evict(runIdsJson);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
