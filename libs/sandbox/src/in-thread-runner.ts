import { shareJson } from '@backstitch/engine';
import type { Activation } from '@backstitch/protocol';
import type { ActivationRunner, RunnerOutcome } from './activation-runner.js';
import { BatchCodec } from './batch-codec.js';
import { Isolate } from './isolate.js';
import type { WorkflowBundle } from './workflow-bundle.js';

/** Runs batches in the calling thread. What no time limit stops (memory) ends the process. */
export class InThreadRunner implements ActivationRunner {
  readonly #isolate: Isolate;
  readonly #codec = new BatchCodec(shareJson);

  constructor(bundle: WorkflowBundle, activationTimeoutMs: number, stopsLoops: boolean) {
    this.#isolate = new Isolate(bundle, { timeoutMs: activationTimeoutMs, handleRejections: true, limitedByCaller: !stopsLoops });
  }

  run(batch: readonly Activation[]): Promise<RunnerOutcome> {
    const outcome = this.#isolate.activate(this.#codec.encode(batch));
    if (outcome.status === 'timedOut') return Promise.resolve(outcome);
    return Promise.resolve({ status: 'completed', results: this.#codec.decode(batch, outcome.resultsJson) });
  }

  evict(runIds: readonly string[]): void {
    this.#isolate.evict(JSON.stringify(runIds));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
