import type { EntityManager } from 'typeorm';

/**
 * What a step of this service works in: the idempotency key, and ways to commit. While it works, nobody else works under the same key, and
 * its undo waits.
 */
export interface StepScope {
  readonly key: string;
  /** False: this is the first to work under the key, so that nothing can have been left by another. */
  readonly startedBefore: boolean;
  /** Commits a slice of the work. */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** Commits the last slice together with the step's result, which is what `work` returns. */
  complete<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
}
