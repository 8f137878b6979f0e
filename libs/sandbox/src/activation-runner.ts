import type { Activation, ActivationResult } from '@backstitch/protocol';

/** Activations that are applied at once, under one time limit: a run appears at most once. */
export type Round = readonly Activation[];

/**
 * Something that runs rounds of activations: an isolate in this thread, or one in a thread of its own.
 *
 * Guarantees: a call's rounds are run one after the other, in their order, each under a time limit of its own. What a run is told comes in the order of the calls;
 * between two rounds of a call, rounds of later ones may run that tell other runs something. No round is begun after one of its call that was stopped. After `timedOut`
 * no run of the round that was stopped is known any more; after `crashed` no run at all.
 */
export interface ActivationRunner {
  run(rounds: readonly Round[]): Promise<RunnerOutcome>;
  evict(runIds: readonly string[]): void;
  close(): Promise<void>;
}

export type RunnerOutcome =
  /** In order of the rounds, and of each. */
  | { status: 'completed'; results: ActivationResult[][] }
  /** A round ran past the time limit. `results` are those of the rounds before it. `culprit` is the run whose code was running, if that can be told. */
  | { status: 'timedOut'; results: ActivationResult[][]; culprit?: string }
  /** What rounds before it came to is lost, too. */
  | { status: 'crashed'; reason: string };
