import { ControlApiError, WorkflowAlreadyClosedError, WorkflowNotFoundError as NotFoundOnTheWire } from '@backstitch/protocol';
import { WorkflowNotFoundError } from '@backstitch/workflow/common';
import { CallCancelledError, CallDeadlineExceededError, OrchestratorUnreachableError, ServiceError, UnexpectedControlAnswerError } from './errors.js';

const SERVICE_CODES: ReadonlySet<string> = new Set(['OVERLOADED', 'STORE_UNAVAILABLE', 'INTERNAL', 'UNAUTHENTICATED']);

/** A call whose errors are those that callers of Temporal's client expect: a workflow that is closed is not found either by what would change it. */
export async function knownErrors<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw known(error);
  }
}

/** A call whose errors are the protocol's own, but for those of the way there: a ServiceError says that nobody answered. */
export async function serviceErrors<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw serviceError(error) ?? error;
  }
}

function known(error: unknown): unknown {
  if (error instanceof WorkflowAlreadyClosedError || error instanceof NotFoundOnTheWire) {
    return Object.assign(new WorkflowNotFoundError(error.message, error.workflowId, undefined), { cause: error });
  }
  return serviceError(error) ?? error;
}

function serviceError(error: unknown): ServiceError | undefined {
  const isOfTheWay =
    error instanceof OrchestratorUnreachableError ||
    error instanceof UnexpectedControlAnswerError ||
    error instanceof CallDeadlineExceededError ||
    error instanceof CallCancelledError ||
    (error instanceof ControlApiError && SERVICE_CODES.has(error.code));
  return isOfTheWay ? new ServiceError(error.message, { cause: error }) : undefined;
}
