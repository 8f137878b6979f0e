import type { ActivityOptionsSummary, AttemptSummary } from './descriptions.js';
import type { Failure } from './failure.js';
import type { HistoryEvent } from './history.js';
import type { Incident, IncidentResolution } from './incident.js';
import type { JsonObject, JsonValue } from './json.js';
import type { SearchAttributes, SearchAttributeValue } from './search-attributes.js';
import type { WorkflowExecutionStatus } from './workflow-status.js';

/**
 * The control wire: HTTP and JSON between `client` and any orchestrator replica. All routes begin with `/v1`.
 * `POST /v1/workflows` takes {@link StartWorkflowsRequest}; the rest is named beside each type.
 * Errors are {@link ControlErrorBody}. `Authorization: Bearer <control token>` on every route.
 */

/** One start. */
export interface StartWorkflowRequest {
  workflowId: string;
  workflowType: string;
  args: JsonValue[];
  memo?: JsonObject;
  searchAttributes?: SearchAttributes;
  /**
   * What identifies the request: the same workflow id with the same fingerprint answers `existing`,
   * with another one `conflict`. Absent: the digest of type and args.
   */
  requestFingerprint?: string;
  identity?: string;
  traceparent?: string;
}

/** `POST /v1/workflows`. At most `LIMITS.startsPerCallMax`. Each start succeeds or fails alone. */
export interface StartWorkflowsRequest {
  starts: StartWorkflowRequest[];
}

export type StartWorkflowResult =
  /** Committed: the run exists and goes on whatever happens. */
  | { status: 'started'; workflowId: string; runId: string }
  /** The id was taken by the same request before. */
  | { status: 'existing'; workflowId: string; runId: string; executionStatus: WorkflowExecutionStatus }
  /** The id was taken by another request. */
  | { status: 'conflict'; workflowId: string; runId: string }
  /** This start is not valid: unknown workflow type, unknown search attribute, payload too large. */
  | { status: 'rejected'; workflowId: string; error: ControlError };

/** Answer in the order of the request. */
export interface StartWorkflowsResponse {
  results: StartWorkflowResult[];
}

/** `POST /v1/workflows/:workflowId/signal`. Answer 204. */
export interface SignalWorkflowRequest {
  signalName: string;
  args: JsonValue[];
  identity?: string;
}

/** `POST /v1/workflows/:workflowId/query`. */
export interface QueryWorkflowRequest {
  queryName: string;
  args: JsonValue[];
}
export interface QueryWorkflowResponse {
  result: JsonValue;
}

/** `POST /v1/workflows/:workflowId/cancel`. Answer 204; a second request changes nothing. */
export interface CancelWorkflowRequest {
  reason?: string;
  identity?: string;
}

/** `POST /v1/workflows/:workflowId/terminate`. Answer 204. */
export interface TerminateWorkflowRequest {
  reason: string;
  identity?: string;
}

/** `GET /v1/workflows/:workflowId`. */
export interface WorkflowDescription extends WorkflowSummary {
  input: JsonValue[];
  result?: JsonValue;
  failure?: Failure;
  cancelRequested: boolean;
  /** Every activity of the run in order of scheduling, undos among them. */
  activities: ActivityDescription[];
  timers: { timerId: string; startedAtMs: number; firesAtMs: number }[];
  incidents: Incident[];
  historyEvents: number;
  historySizeBytes: number;
}

export interface ActivityDescription {
  activityId: string;
  scheduledEventId: number;
  activityType: string;
  key: string;
  status: 'SCHEDULED' | 'BACKING_OFF' | 'COMPLETED' | 'FAILED' | 'TIMED_OUT' | 'CANCEL_REQUESTED' | 'CANCELED' | 'INCIDENT';
  scheduledAtMs: number;
  /** Of the last attempt known to have started. */
  startedAtMs?: number;
  closedAtMs?: number;
  /** The current or last attempt, from 1. */
  attempt: number;
  /** While it is open: how often that attempt was put on its queue, if more than once. */
  dispatch?: number;
  lastFailure?: Failure;
  nextAttemptAtMs?: number;
  result?: JsonValue;
  options: ActivityOptionsSummary;
  /** This activity carries an undo … */
  undo?: { activityType: string; taskQueue: string };
  /** … or is one: of the step with that activity id. */
  undoOf?: { activityId: string; scheduledEventId: number };
  /** Attempts that failed, newest last; at most the 10 newest. */
  attempts?: AttemptSummary[];
}

/** One row of a list, and the head of a description. */
export interface WorkflowSummary {
  workflowId: string;
  runId: string;
  workflowType: string;
  status: WorkflowExecutionStatus;
  startedAtMs: number;
  closedAtMs?: number;
  searchAttributes: SearchAttributes;
  memo: JsonObject;
  openIncidents: number;
}

/** `POST /v1/workflows/list`: newest first, `cursor` from the page before. */
export interface ListWorkflowsRequest {
  workflowType?: string;
  status?: WorkflowExecutionStatus;
  /** Each must be equal. */
  searchAttributes?: Record<string, SearchAttributeValue>;
  startedAfterMs?: number;
  startedBeforeMs?: number;
  /** Only runs with an open incident. */
  withOpenIncidents?: boolean;
  cursor?: string;
  /** Default 100, at most `LIMITS.pageSizeMax`. */
  pageSize?: number;
}
export interface ListWorkflowsResponse {
  workflows: WorkflowSummary[];
  nextCursor?: string;
}

/** `GET /v1/workflows/:workflowId/history?afterEventId=&limit=` */
export interface WorkflowHistoryResponse {
  workflowId: string;
  runId: string;
  events: HistoryEvent[];
  nextAfterEventId?: number;
}

/**
 * `POST /v1/workflows/await-closed`: answers as soon as at least one of the runs is closed, with all that are,
 * or after `timeoutMs` (at most 30,000) with none. Unknown ids are in `unknown`.
 */
export interface AwaitClosedRequest {
  workflowIds: string[];
  timeoutMs?: number;
}
export interface AwaitClosedResponse {
  closed: ClosedWorkflow[];
  unknown: string[];
}
export interface ClosedWorkflow extends WorkflowSummary {
  result?: JsonValue;
  failure?: Failure;
}

/** `GET /v1/incidents?status=open&cursor=&pageSize=`: open incidents of all runs, oldest first. */
export interface ListIncidentsResponse {
  incidents: (Incident & { workflowId: string; runId: string; workflowType: string })[];
  nextCursor?: string;
}

/** `POST /v1/workflows/:workflowId/incidents/:incidentNumber/:action`, action: retry, edit, skip, fail. Answer 204. */
export interface ResolveIncidentRequest {
  reason: string;
  identity?: string;
  /** `edit`: the new input (required). `skip`: the result for the workflow (default null). */
  value?: JsonValue;
}
export type IncidentAction = Exclude<IncidentResolution, 'auto'>;

/** `GET /v1/info`: what this deployment knows. */
export interface ControlInfo {
  workflowTypes: string[];
  searchAttributes: Record<string, string>;
  partitions: { total: number; owned: number };
}

/** Codes of errors on the control wire; stable. HTTP status in the comment. */
export type ControlErrorCode =
  | 'WORKFLOW_NOT_FOUND' // 404
  | 'INCIDENT_NOT_FOUND' // 404
  | 'WORKFLOW_ALREADY_CLOSED' // 409
  | 'WORKFLOW_EXECUTION_ALREADY_STARTED' // 409
  | 'INCIDENT_ALREADY_RESOLVED' // 409
  | 'WORKFLOW_TYPE_UNKNOWN' // 400
  | 'SEARCH_ATTRIBUTE_UNKNOWN' // 400
  | 'SEARCH_ATTRIBUTE_INVALID' // 400
  | 'QUERY_NOT_REGISTERED' // 400
  | 'QUERY_FAILED' // 422
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
