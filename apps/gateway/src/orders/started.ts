import type { StartWorkflowResult } from '@backstitch/protocol';
import { ProblemError } from '../problems/problem-error.js';
import { controlProblem } from '../problems/to-problem.js';

/** Passes if the run exists, new or by the same request before. @throws ProblemError otherwise */
export function expectStarted(result: StartWorkflowResult | undefined): void {
  if (result === undefined) throw new ProblemError('orchestrator-unavailable');
  switch (result.status) {
    case 'started':
    case 'existing':
      return;
    case 'conflict':
      throw new ProblemError('idempotency-key-reused', 'The Idempotency-Key was used before with another body.');
    case 'rejected':
      throw controlProblem(result.error.code, result.error.message, result.error.details ?? {});
    default: {
      const unknownResult: never = result;
      throw new ProblemError('internal-error', undefined, {}, { cause: unknownResult });
    }
  }
}
