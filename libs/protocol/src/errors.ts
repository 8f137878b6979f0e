import type { ControlError, ControlErrorCode } from './control-errors.js';
import type { Failure } from './failure.js';
import type { JsonObject } from './json.js';

/** Base of every error of the control API: thrown by the engine, carried over the control wire, thrown again by the client. */
export abstract class ControlApiError extends Error {
  abstract readonly code: ControlErrorCode;

  /** Typed fields of the error, as they cross the wire. */
  details(): JsonObject {
    return {};
  }

  toJSON(): ControlError {
    return { code: this.code, message: this.message, details: this.details() };
  }
}

/** No run has this workflow id. */
export class WorkflowNotFoundError extends ControlApiError {
  override readonly name = 'WorkflowNotFoundError';
  readonly code = 'WORKFLOW_NOT_FOUND';
  constructor(readonly workflowId: string) {
    super(`There is no workflow with id "${workflowId}".`);
  }
  override details(): JsonObject {
    return { workflowId: this.workflowId };
  }
}

/** The run is closed and takes no signal, cancellation or termination. */
export class WorkflowAlreadyClosedError extends ControlApiError {
  override readonly name = 'WorkflowAlreadyClosedError';
  readonly code = 'WORKFLOW_ALREADY_CLOSED';
  constructor(
    readonly workflowId: string,
    readonly status: string,
  ) {
    super(`Workflow "${workflowId}" is closed (${status}).`);
  }
  override details(): JsonObject {
    return { workflowId: this.workflowId, status: this.status };
  }
}

/** The workflow id was taken by another request. */
export class WorkflowExecutionAlreadyStartedError extends ControlApiError {
  override readonly name = 'WorkflowExecutionAlreadyStartedError';
  readonly code = 'WORKFLOW_EXECUTION_ALREADY_STARTED';
  constructor(
    readonly workflowId: string,
    readonly runId: string,
  ) {
    super(`Workflow id "${workflowId}" was taken by another request.`);
  }
  override details(): JsonObject {
    return { workflowId: this.workflowId, runId: this.runId };
  }
}

/** The bundle exports no workflow of this name. */
export class WorkflowTypeUnknownError extends ControlApiError {
  override readonly name = 'WorkflowTypeUnknownError';
  readonly code = 'WORKFLOW_TYPE_UNKNOWN';
  constructor(readonly workflowType: string) {
    super(`No workflow is called "${workflowType}" here.`);
  }
  override details(): JsonObject {
    return { workflowType: this.workflowType };
  }
}

/** The deployment declares no search attribute of this name. */
export class SearchAttributeUnknownError extends ControlApiError {
  override readonly name = 'SearchAttributeUnknownError';
  readonly code = 'SEARCH_ATTRIBUTE_UNKNOWN';
  constructor(readonly attribute: string) {
    super(`No search attribute is called "${attribute}" here.`);
  }
  override details(): JsonObject {
    return { attribute: this.attribute };
  }
}

/** A search attribute's value is not of the declared type. */
export class SearchAttributeInvalidError extends ControlApiError {
  override readonly name = 'SearchAttributeInvalidError';
  readonly code = 'SEARCH_ATTRIBUTE_INVALID';
  constructor(
    readonly attribute: string,
    readonly expected: string,
  ) {
    super(`Search attribute "${attribute}" takes ${expected}.`);
  }
  override details(): JsonObject {
    return { attribute: this.attribute, expected: this.expected };
  }
}

/** The run has no incident of this number. */
export class IncidentNotFoundError extends ControlApiError {
  override readonly name = 'IncidentNotFoundError';
  readonly code = 'INCIDENT_NOT_FOUND';
  constructor(
    readonly workflowId: string,
    readonly incidentNumber: number,
  ) {
    super(`Workflow "${workflowId}" has no incident ${incidentNumber}.`);
  }
  override details(): JsonObject {
    return { workflowId: this.workflowId, incidentNumber: this.incidentNumber };
  }
}

/** The incident was resolved before. */
export class IncidentAlreadyResolvedError extends ControlApiError {
  override readonly name = 'IncidentAlreadyResolvedError';
  readonly code = 'INCIDENT_ALREADY_RESOLVED';
  constructor(
    readonly workflowId: string,
    readonly incidentNumber: number,
  ) {
    super(`Incident ${incidentNumber} of workflow "${workflowId}" is resolved.`);
  }
  override details(): JsonObject {
    return { workflowId: this.workflowId, incidentNumber: this.incidentNumber };
  }
}

/** The run has set no handler for this query. */
export class QueryNotRegisteredError extends ControlApiError {
  override readonly name = 'QueryNotRegisteredError';
  readonly code = 'QUERY_NOT_REGISTERED';
  constructor(readonly queryName: string) {
    super(`The workflow has no handler for query "${queryName}".`);
  }
  override details(): JsonObject {
    return { queryName: this.queryName };
  }
}

/** The query's handler threw. */
export class QueryFailedError extends ControlApiError {
  override readonly name = 'QueryFailedError';
  readonly code = 'QUERY_FAILED';
  constructor(
    readonly queryName: string,
    readonly reason: string,
  ) {
    super(`Query "${queryName}" failed: ${reason}`);
  }
  override details(): JsonObject {
    return { queryName: this.queryName, reason: this.reason };
  }
}

/** The workflow has accepted no update of this id. */
export class UpdateNotFoundError extends ControlApiError {
  override readonly name = 'UpdateNotFoundError';
  readonly code = 'UPDATE_NOT_FOUND';
  constructor(
    readonly workflowId: string,
    readonly updateId: string,
  ) {
    super(`Workflow "${workflowId}" knows no update "${updateId}".`);
  }
  override details(): JsonObject {
    return { workflowId: this.workflowId, updateId: this.updateId };
  }
}

/** The workflow's validator refused the update: nothing was recorded. `failure` is what it threw. */
export class UpdateRejectedError extends ControlApiError {
  override readonly name = 'UpdateRejectedError';
  readonly code = 'UPDATE_REJECTED';
  constructor(
    readonly updateId: string,
    readonly failure: Failure,
  ) {
    super(`Update "${updateId}" was rejected: ${failure.message}`);
  }
  override details(): JsonObject {
    return { updateId: this.updateId, failure: this.failure as unknown as JsonObject };
  }
}

/** The run has no activity of this id. */
export class ActivityNotFoundError extends ControlApiError {
  override readonly name = 'ActivityNotFoundError';
  readonly code = 'ACTIVITY_NOT_FOUND';
  constructor(
    readonly workflowId: string,
    readonly activityId: string,
  ) {
    super(`Workflow "${workflowId}" has no activity "${activityId}".`);
  }
  override details(): JsonObject {
    return { workflowId: this.workflowId, activityId: this.activityId };
  }
}

/** The activity has ended and takes no action. */
export class ActivityAlreadyClosedError extends ControlApiError {
  override readonly name = 'ActivityAlreadyClosedError';
  readonly code = 'ACTIVITY_ALREADY_CLOSED';
  constructor(
    readonly workflowId: string,
    readonly activityId: string,
    readonly status: string,
  ) {
    super(`Activity "${activityId}" of workflow "${workflowId}" is closed (${status}).`);
  }
  override details(): JsonObject {
    return { workflowId: this.workflowId, activityId: this.activityId, status: this.status };
  }
}

/** No schedule has this id. */
export class ScheduleNotFoundError extends ControlApiError {
  override readonly name = 'ScheduleNotFoundError';
  readonly code = 'SCHEDULE_NOT_FOUND';
  constructor(readonly scheduleId: string) {
    super(`There is no schedule with id "${scheduleId}".`);
  }
  override details(): JsonObject {
    return { scheduleId: this.scheduleId };
  }
}

/** The schedule id is taken. */
export class ScheduleAlreadyExistsError extends ControlApiError {
  override readonly name = 'ScheduleAlreadyExistsError';
  readonly code = 'SCHEDULE_ALREADY_EXISTS';
  constructor(readonly scheduleId: string) {
    super(`Schedule id "${scheduleId}" is taken.`);
  }
  override details(): JsonObject {
    return { scheduleId: this.scheduleId };
  }
}

/** A list filter cannot be read, or cannot be served. `position` counts its characters from 0. */
export class ListFilterInvalidError extends ControlApiError {
  override readonly name = 'ListFilterInvalidError';
  readonly code = 'LIST_FILTER_INVALID';
  constructor(
    readonly position: number,
    readonly expected: string,
  ) {
    super(`The list filter is not valid at position ${position}: expected ${expected}.`);
  }
  override details(): JsonObject {
    return { position: this.position, expected: this.expected };
  }
}

/** The signal's name begins with Backstitch's own prefix. */
export class SignalNameReservedError extends ControlApiError {
  override readonly name = 'SignalNameReservedError';
  readonly code = 'SIGNAL_NAME_RESERVED';
  constructor(readonly signalName: string) {
    super(`Signal name "${signalName}" is reserved.`);
  }
  override details(): JsonObject {
    return { signalName: this.signalName };
  }
}

/** The request breaks the control API's contract. `where` is a JSON pointer. */
export class InvalidRequestError extends ControlApiError {
  override readonly name = 'InvalidRequestError';
  readonly code = 'INVALID_REQUEST';
  constructor(
    readonly where: string,
    readonly reason: string,
  ) {
    super(`${where === '' ? 'The request' : where}: ${reason}`);
  }
  override details(): JsonObject {
    return { where: this.where, reason: this.reason };
  }
}

/** A payload is larger than its limit. */
export class PayloadTooLargeError extends ControlApiError {
  override readonly name = 'PayloadTooLargeError';
  readonly code = 'PAYLOAD_TOO_LARGE';
  constructor(
    readonly what: string,
    readonly bytes: number,
    readonly bytesMax: number,
  ) {
    super(`${what} has ${bytes} bytes; the limit is ${bytesMax}.`);
  }
  override details(): JsonObject {
    return { what: this.what, bytes: this.bytes, bytesMax: this.bytesMax };
  }
}

/** The control token is missing or wrong. */
export class UnauthenticatedError extends ControlApiError {
  override readonly name = 'UnauthenticatedError';
  readonly code = 'UNAUTHENTICATED';
  constructor() {
    super('The control token is missing or wrong.');
  }
}

/** More is under way than the limit allows: try again after `retryAfterMs`. */
export class OverloadedError extends ControlApiError {
  override readonly name = 'OverloadedError';
  readonly code = 'OVERLOADED';
  constructor(readonly retryAfterMs: number) {
    super('Too many requests are under way.');
  }
  override details(): JsonObject {
    return { retryAfterMs: this.retryAfterMs };
  }
}

/** Postgres cannot be reached: nothing was decided; try again after `retryAfterMs`. */
export class StoreUnavailableError extends ControlApiError {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'STORE_UNAVAILABLE';
  constructor(
    readonly retryAfterMs: number,
    options?: { cause?: unknown },
  ) {
    super('The database cannot be reached.', options);
  }
  override details(): JsonObject {
    return { retryAfterMs: this.retryAfterMs };
  }
}

/** A fault of the orchestrator itself. */
export class InternalError extends ControlApiError {
  override readonly name = 'InternalError';
  readonly code = 'INTERNAL';
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}
