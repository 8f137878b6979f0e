import { ApplicationFailure, Context } from '@backstitch/activity';
import type { EntityManager } from 'typeorm';
import { INVALID_INPUT } from './parse-input.js';
import { toApplicationFailure } from './to-application-failure.js';

/** Runs a step in the transaction of its inbox row, under its key, and tells its errors as failures. */
export async function runStep<T>(work: (manager: EntityManager, key: string) => Promise<T>): Promise<T> {
  const { manager, info } = Context.current();
  try {
    return await work(manager, info.key);
  } catch (error) {
    throw toApplicationFailure(error);
  }
}

/** Runs an undo likewise, under the key of its step. A step that never committed left nothing to undo: then it is not run and gives `nothing`. */
export async function runUndo<T>(nothing: T, work: (manager: EntityManager, stepKey: string) => Promise<T>): Promise<T> {
  const { undo } = Context.current().info;
  if (undo === undefined) throw ApplicationFailure.nonRetryable('An undo was called that names no step.', INVALID_INPUT);
  if (undo.step === 'absent') return nothing;
  return runStep((manager) => work(manager, undo.stepKey));
}
