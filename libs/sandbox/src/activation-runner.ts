import type { Activation, ActivationResult } from '@backstitch/protocol';

/**
 * Something that runs batches of activations: an isolate in this thread, or one in a thread of its own.
 *
 * Guarantees: batches are run one after the other, in the order of the calls. After `crashed` and `timedOut` no run of the batch is known any more;
 * after `crashed` no run at all.
 */
export interface ActivationRunner {
  run(batch: readonly Activation[]): Promise<RunnerOutcome>;
  evict(runIds: readonly string[]): void;
  close(): Promise<void>;
}

export type RunnerOutcome =
  /** In order of the batch. */
  | { status: 'completed'; results: ActivationResult[] }
  /** It ran past the time limit. `culprit` is the run whose code was running, if that can be told. */
  | { status: 'timedOut'; culprit?: string }
  | { status: 'crashed'; reason: string };
