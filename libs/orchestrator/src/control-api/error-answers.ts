import { ControlApiError, InternalError, InvalidRequestError, PayloadTooLargeError, type ControlErrorBody, type ControlErrorCode } from '@backstitch/protocol';

const HTTP_STATUS: Record<ControlErrorCode, number> = {
  WORKFLOW_NOT_FOUND: 404,
  INCIDENT_NOT_FOUND: 404,
  UPDATE_NOT_FOUND: 404,
  ACTIVITY_NOT_FOUND: 404,
  SCHEDULE_NOT_FOUND: 404,
  SCHEDULE_ALREADY_EXISTS: 409,
  ACTIVITY_ALREADY_CLOSED: 409,
  WORKFLOW_ALREADY_CLOSED: 409,
  WORKFLOW_EXECUTION_ALREADY_STARTED: 409,
  INCIDENT_ALREADY_RESOLVED: 409,
  WORKFLOW_TYPE_UNKNOWN: 400,
  SEARCH_ATTRIBUTE_UNKNOWN: 400,
  SEARCH_ATTRIBUTE_INVALID: 400,
  QUERY_NOT_REGISTERED: 400,
  QUERY_FAILED: 422,
  UPDATE_REJECTED: 422,
  LIST_FILTER_INVALID: 400,
  SIGNAL_NAME_RESERVED: 400,
  INVALID_REQUEST: 400,
  PAYLOAD_TOO_LARGE: 413,
  UNAUTHENTICATED: 401,
  OVERLOADED: 503,
  STORE_UNAVAILABLE: 503,
  INTERNAL: 500,
};

export interface ErrorAnswer {
  status: number;
  headers: Record<string, string>;
  body: ControlErrorBody;
  /** A fault of the orchestrator itself, to be logged. */
  isFault: boolean;
}

/** What the control wire answers for an error that was thrown while a request was served. */
export function errorAnswer(error: unknown, bodyBytesMax: number): ErrorAnswer {
  const known = toControlApiError(error, bodyBytesMax);
  const retryAfterMs = known.details()['retryAfterMs'];
  return {
    status: HTTP_STATUS[known.code],
    headers: typeof retryAfterMs === 'number' ? { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) } : {},
    body: { error: known.toJSON() },
    isFault: known.code === 'INTERNAL',
  };
}

function toControlApiError(error: unknown, bodyBytesMax: number): ControlApiError {
  if (error instanceof ControlApiError) {
    return error;
  }
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new PayloadTooLargeError('The request', bodyBytesMax + 1, bodyBytesMax);
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new InvalidRequestError('', error instanceof Error ? error.message : 'is not valid');
  }
  // What went wrong inside is for the log, not for the wire.
  return new InternalError('The orchestrator failed; its log says why.', { cause: error });
}
