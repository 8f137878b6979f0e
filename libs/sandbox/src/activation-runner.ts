import type { BatchOutcome } from './isolate.js';

/**
 * Something that runs batches of activations: an isolate in this thread, or one in a thread of its own.
 *
 * Guarantees: batches are run one after the other, in the order of the calls. After `crashed` and `timedOut` no run of the batch is known any more;
 * after `crashed` no run at all.
 */
export interface ActivationRunner {
  run(batchJson: string): Promise<RunnerOutcome>;
  evict(runIdsJson: string): void;
  close(): Promise<void>;
}

export type RunnerOutcome = BatchOutcome | { status: 'crashed'; reason: string };
