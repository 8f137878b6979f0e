import type { JsonObject } from './json.js';

/** Codes of errors on the control wire; stable. HTTP status in the comment. */
export type ControlErrorCode =
  | 'WORKFLOW_NOT_FOUND' // 404
  | 'INCIDENT_NOT_FOUND' // 404
  | 'UPDATE_NOT_FOUND' // 404
  | 'ACTIVITY_NOT_FOUND' // 404
  | 'SCHEDULE_NOT_FOUND' // 404
  | 'SCHEDULE_ALREADY_EXISTS' // 409
  | 'ACTIVITY_ALREADY_CLOSED' // 409
  | 'WORKFLOW_ALREADY_CLOSED' // 409
  | 'WORKFLOW_EXECUTION_ALREADY_STARTED' // 409
  | 'INCIDENT_ALREADY_RESOLVED' // 409
  | 'WORKFLOW_TYPE_UNKNOWN' // 400
  | 'SEARCH_ATTRIBUTE_UNKNOWN' // 400
  | 'SEARCH_ATTRIBUTE_INVALID' // 400
  | 'QUERY_NOT_REGISTERED' // 400
  | 'QUERY_FAILED' // 422
  | 'UPDATE_REJECTED' // 422
  | 'LIST_FILTER_INVALID' // 400
  | 'SIGNAL_NAME_RESERVED' // 400
  | 'INVALID_REQUEST' // 400
  | 'PAYLOAD_TOO_LARGE' // 413
  | 'UNAUTHENTICATED' // 401
  | 'OVERLOADED' // 503, with Retry-After
  | 'STORE_UNAVAILABLE' // 503, with Retry-After
  | 'INTERNAL'; // 500

export interface ControlError {
  code: ControlErrorCode;
  message: string;
  details?: JsonObject;
}
export interface ControlErrorBody {
  error: ControlError;
}
