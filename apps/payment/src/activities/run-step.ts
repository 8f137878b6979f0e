import { Context } from '@backstitch/activity';
import type { StepScope } from '../step-scope.js';
import { toApplicationFailure } from './to-application-failure.js';

/** Runs a step or an undo in the scope of its attempt, and tells its errors as failures. */
export async function runStep<T>(work: (step: StepScope) => Promise<T>): Promise<T> {
  const context = Context.current();
  const step: StepScope = {
    key: context.info.key,
    startedBefore: context.info.startedBefore,
    transaction: (slice) => context.transaction(slice),
    complete: (slice) => context.completeWith(slice),
  };
  try {
    return await work(step);
  } catch (error) {
    throw toApplicationFailure(error);
  }
}
