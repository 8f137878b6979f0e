import type { Activation, ActivationResult } from '@backstitch/protocol';

/**
 * Runs workflow code.
 *
 * Guarantees: the same sequence of activations gives the same commands, always, on every machine. One run's code cannot see another's
 * memory, the clock, randomness, the network, files or the environment. Code that does not come back within the time limit is stopped,
 * its run is evicted and answered `taskFailed`; the other runs of the batch are answered as if it had not been there
 * (or `unknownRun`, and the engine replays them).
 *
 * Does not promise: a security boundary against hostile workflow authors.
 */
export interface Sandbox {
  /** Workflow types that the loaded bundle exports. */
  readonly workflowTypes: ReadonlySet<string>;
  /**
   * Applies activations to runs. A run may appear several times: its activations are applied in order, each as if it came in a call of its own. So after one that
   * does not complete (`taskFailed`, `unknownRun`) the run is not there, and its later ones are answered `unknownRun`. An activation whose first job is
   * `initializeWorkflow` makes the run. Results come in the order of the batch.
   */
  activate(batch: readonly Activation[]): Promise<ActivationResult[]>;
  /** Forgets runs. Unknown ones are no error. */
  evict(runIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
