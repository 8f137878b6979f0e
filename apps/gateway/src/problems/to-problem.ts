import { ControlApiError, type ControlErrorCode, type JsonObject } from '@backstitch/protocol';
import { HttpException } from '@nestjs/common';
import { isDatabaseUnavailable } from './database-failures.js';
import { ProblemError } from './problem-error.js';

/** What any thrown value means to the caller. Nothing of an unexpected error's text gets out. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  // The client's word for a call that went wrong on its way.
  if (error instanceof Error && error.name === 'ServiceError' && error.cause !== undefined) return toProblem(error.cause);
  if (isOrchestratorUnreachable(error)) return new ProblemError('orchestrator-unavailable', undefined, {}, { cause: error });
  if (error instanceof ControlApiError) return controlProblem(error.code, error.message, error.details(), error);
  if (isDatabaseUnavailable(error)) return new ProblemError('database-unavailable', undefined, {}, { cause: error });
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  return httpProblem(status, codeOf(error), error);
}

/** What an error of the control wire means to the caller. */
export function controlProblem(code: ControlErrorCode, message: string, details: JsonObject, cause?: unknown): ProblemError {
  const retryAfterMs = typeof details['retryAfterMs'] === 'number' ? details['retryAfterMs'] : 1_000;
  const options = { cause, retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1_000)) };
  switch (code) {
    case 'WORKFLOW_NOT_FOUND':
      return new ProblemError('workflow-not-found', message, {}, { cause });
    case 'UPDATE_NOT_FOUND':
    case 'ACTIVITY_NOT_FOUND':
    case 'ACTIVITY_ALREADY_CLOSED':
    case 'UPDATE_REJECTED':
    case 'SCHEDULE_NOT_FOUND':
    case 'SCHEDULE_ALREADY_EXISTS':
    case 'LIST_FILTER_INVALID':
      return new ProblemError('request-refused', message, {}, { cause });
    case 'INCIDENT_NOT_FOUND':
      return new ProblemError('incident-not-found', message, {}, { cause });
    case 'WORKFLOW_ALREADY_CLOSED':
      return new ProblemError('workflow-already-closed', message, {}, { cause });
    case 'INCIDENT_ALREADY_RESOLVED':
      return new ProblemError('incident-already-resolved', message, {}, { cause });
    case 'WORKFLOW_EXECUTION_ALREADY_STARTED':
      return new ProblemError('idempotency-key-reused', message, {}, { cause });
    case 'PAYLOAD_TOO_LARGE':
      return new ProblemError('body-too-large', message, {}, { cause });
    case 'INVALID_REQUEST':
    case 'QUERY_NOT_REGISTERED':
    case 'QUERY_FAILED':
    case 'SIGNAL_NAME_RESERVED':
    case 'WORKFLOW_TYPE_UNKNOWN':
    case 'SEARCH_ATTRIBUTE_UNKNOWN':
    case 'SEARCH_ATTRIBUTE_INVALID':
      return new ProblemError('request-refused', message, {}, { cause });
    case 'OVERLOADED':
      return new ProblemError('overloaded', undefined, {}, options);
    case 'STORE_UNAVAILABLE':
      return new ProblemError('database-unavailable', undefined, {}, options);
    case 'UNAUTHENTICATED':
      // The gateway's own control token is wrong: nothing that the caller could mend.
      return new ProblemError('orchestrator-unavailable', 'The orchestrator does not accept this gateway.', {}, { cause });
    case 'INTERNAL':
      return new ProblemError('internal-error', undefined, {}, { cause });
    default: {
      const unknownCode: never = code;
      return new ProblemError('internal-error', undefined, {}, { cause: cause ?? unknownCode });
    }
  }
}

/** By name: the client's classes, without a dependency of every module on the client. */
function isOrchestratorUnreachable(error: unknown): boolean {
  return error instanceof Error && (error.name === 'OrchestratorUnreachableError' || error.name === 'UnexpectedControlAnswerError');
}

function httpProblem(status: number, code: string | undefined, cause: unknown): ProblemError {
  const options = { cause };
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY' || code === 'FST_ERR_CTP_EMPTY_JSON_BODY' || cause instanceof SyntaxError) {
    return new ProblemError('malformed-json', undefined, {}, options);
  }
  switch (status) {
    case 400:
      return new ProblemError('malformed-request', undefined, {}, options);
    case 401:
      return new ProblemError('unauthenticated', undefined, {}, options);
    case 403:
      return new ProblemError('forbidden', undefined, {}, options);
    case 404:
      return new ProblemError('route-not-found', undefined, {}, options);
    case 413:
      return new ProblemError('body-too-large', undefined, {}, options);
    case 415:
      return new ProblemError('unsupported-media-type', undefined, {}, options);
    case 429:
      return new ProblemError('rate-limited', undefined, {}, options);
    default:
      return new ProblemError(status >= 400 && status < 500 ? 'malformed-request' : 'internal-error', undefined, {}, options);
  }
}

function statusOf(error: unknown): number {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
}

function codeOf(error: unknown): string | undefined {
  const candidate = error instanceof HttpException ? (error.cause ?? error) : error;
  const code = (candidate as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
