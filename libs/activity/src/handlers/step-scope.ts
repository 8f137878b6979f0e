import type { EntityManager } from 'typeorm';
import { Context } from '../context/context.js';
import type { UndoneStep } from '../context/activity-info.js';
import { ApplicationFailure } from '../errors/application-failure.js';
import { INVALID_INPUT } from './parse-input.js';

/** How the handlers of one service run. */
export interface StepScope {
  /** Runs a step in the transaction of its inbox row, under its key, and tells its errors as failures. */
  runStep<T>(work: (manager: EntityManager, key: string) => Promise<T>): Promise<T>;
  /** Runs an undo likewise, under the key of its step. A step that never committed left nothing to undo: then it is not run and gives `nothing`. */
  runUndo<T>(nothing: T, work: (manager: EntityManager, stepKey: string) => Promise<T>): Promise<T>;
}

/** @param toApplicationFailure what the workflow is told of an error of the service's domain */
export function createStepScope(toApplicationFailure: (error: unknown) => unknown): StepScope {
  const runStep: StepScope['runStep'] = async (work) => {
    const { manager, info } = Context.current();
    try {
      return await work(manager, info.key);
    } catch (error) {
      throw toApplicationFailure(error);
    }
  };
  return {
    runStep,
    async runUndo(nothing, work) {
      const { step, stepKey } = undoneStep();
      return step === 'absent' ? nothing : runStep((manager) => work(manager, stepKey));
    },
  };
}

/** The step that this undo takes back. @throws {ApplicationFailure} INVALID_INPUT, not retryable, if the handler was called as a step */
export function undoneStep(): UndoneStep {
  const { undo } = Context.current().info;
  if (undo === undefined) throw ApplicationFailure.nonRetryable('An undo was called that names no step.', INVALID_INPUT);
  return undo;
}
