import { shareJson } from '@backstitch/engine';
import type { ActivationResult } from '@backstitch/protocol';
import type { ActivationRunner, Round, RunnerOutcome } from './activation-runner.js';
import { BatchCodec } from './batch-codec.js';
import { Isolate, type BatchOutcome } from './isolate.js';
import { TimeLimit } from './time-limit.js';
import type { WorkflowBundle } from './workflow-bundle.js';

/** Runs rounds in the calling thread. What no time limit stops (memory) ends the process. */
export class InThreadRunner implements ActivationRunner {
  readonly #isolate: Isolate;
  readonly #codec = new BatchCodec(shareJson);
  readonly #limit: TimeLimit | undefined;

  constructor(bundle: WorkflowBundle, activationTimeoutMs: number, stopsLoops: boolean) {
    this.#limit = stopsLoops ? TimeLimit.of(activationTimeoutMs) : undefined;
    this.#isolate = new Isolate(bundle, { timeoutMs: activationTimeoutMs, handleRejections: true, limitedByCaller: !stopsLoops || this.#limit !== undefined });
  }

  run(rounds: readonly Round[]): Promise<RunnerOutcome> {
    const results: ActivationResult[][] = [];
    for (const round of rounds) {
      const outcome = this.#activate(this.#codec.encode(round));
      if (outcome.status === 'timedOut') return Promise.resolve({ ...outcome, results });
      results.push(this.#codec.decode(round, outcome.resultsJson));
    }
    return Promise.resolve({ status: 'completed', results });
  }

  evict(runIds: readonly string[]): void {
    this.#isolate.evict(JSON.stringify(runIds));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #activate(batchJson: string): BatchOutcome {
    if (this.#limit === undefined) return this.#isolate.activate(batchJson);
    return this.#limit.run(() => this.#isolate.activate(batchJson)) ?? this.#isolate.abandonBatch();
  }
}
