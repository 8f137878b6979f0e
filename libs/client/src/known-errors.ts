import { ControlApiError, WorkflowAlreadyClosedError, WorkflowNotFoundError as NotFoundOnTheWire } from '@backstitch/protocol';
import { WorkflowNotFoundError } from '@backstitch/workflow/common';
import { OrchestratorUnreachableError, ServiceError, UnexpectedControlAnswerError } from './errors.js';

const SERVICE_CODES: ReadonlySet<string> = new Set(['OVERLOADED', 'STORE_UNAVAILABLE', 'INTERNAL', 'UNAUTHENTICATED']);

/** A call whose errors are those that callers of Temporal's client expect: a workflow that is closed is not found either by what would change it. */
export async function knownErrors<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw known(error);
  }
}

function known(error: unknown): unknown {
  if (error instanceof WorkflowAlreadyClosedError || error instanceof NotFoundOnTheWire) {
    return Object.assign(new WorkflowNotFoundError(error.message, error.workflowId, undefined), { cause: error });
  }
  if (error instanceof OrchestratorUnreachableError || error instanceof UnexpectedControlAnswerError) return new ServiceError(error.message, { cause: error });
  if (error instanceof ControlApiError && SERVICE_CODES.has(error.code)) return new ServiceError(error.message, { cause: error });
  return error;
}
