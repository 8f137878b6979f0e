import type { UpdateOutcome } from './activation.js';
import type { WorkflowDurationOptions, WorkflowExecution, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from './child-workflow-options.js';
import type { ControlError } from './control-errors.js';
import type { Failure } from './failure.js';
import type { Headers } from './headers.js';
import type { HistoryEvent } from './history.js';
import type { Incident, IncidentResolution } from './incident.js';
import type { JsonObject, JsonValue } from './json.js';
import type { RetryPolicy } from './retry-policy.js';
import type { SearchAttributes, SearchAttributeValue } from './search-attributes.js';
import type { WorkflowSummary } from './workflow-description.js';
import type { WorkflowExecutionStatus, WorkflowUpdateStage } from './workflow-status.js';

/**
 * The control wire: HTTP and JSON between `client` and any orchestrator replica. All routes begin with `/v1`.
 * `POST /v1/workflows` takes {@link StartWorkflowsRequest}; the rest is named beside each type. Every route under `/v1/workflows/:workflowId` speaks of
 * the id's newest run, or of the one that the query parameter `runId` names.
 * Errors are ControlErrorBody. `Authorization: Bearer <control token>` on every route.
 */

/** One start. */
export interface StartWorkflowRequest extends WorkflowDurationOptions {
  workflowId: string;
  workflowType: string;
  args: JsonValue[];
  /** What `workflowInfo().taskQueue` tells, and the default queue of the run's activities. Default: the orchestrator's. */
  taskQueue?: string;
  memo?: JsonObject;
  searchAttributes?: SearchAttributes;
  /**
   * What identifies the request: the same workflow id with the same fingerprint answers `existing`,
   * with another one `conflict`. Absent: the digest of type and args.
   */
  requestFingerprint?: string;
  identity?: string;
  traceparent?: string;
  headers?: Headers;
  /** Whether the id of a closed run may be used again. Default here REJECT_DUPLICATE, which makes a repeated start harmless; the client's `start` says ALLOW_DUPLICATE as Temporal's does. */
  workflowIdReusePolicy?: WorkflowIdReusePolicy;
  /** What happens if a running workflow has the id, and the request is not the one that started it. Default FAIL. */
  workflowIdConflictPolicy?: WorkflowIdConflictPolicy;
  /** A failed run is started again by this policy. Default: not. */
  retryPolicy?: RetryPolicy;
  /** Five fields, UTC unless `CRON_TZ=` stands before them. */
  cronSchedule?: string;
  /** Pause before the first workflow task. A signal that comes earlier ends it. */
  startDelayMs?: number;
  /** Signal-with-start: recorded in the same transaction as the start, or sent to the run that exists. */
  signal?: { signalName: string; args: JsonValue[]; headers?: Headers };
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
  headers?: Headers;
  /** The same one again is recorded once. */
  requestId?: string;
}

/** `POST /v1/workflows/:workflowId/update`: answers when the stage is reached, or after `timeoutMs` (at most 30,000; default 20,000) with what is known. */
export interface UpdateWorkflowRequest {
  /** The same id again joins the update that was accepted before. */
  updateId: string;
  updateName: string;
  args: JsonValue[];
  headers?: Headers;
  identity?: string;
  waitForStage: WorkflowUpdateStage;
  timeoutMs?: number;
}
/** `GET /v1/workflows/:workflowId/updates/:updateId?timeoutMs=` answers the same once it is accepted. */
export interface UpdateWorkflowResponse {
  updateId: string;
  workflowId: string;
  runId: string;
  /** Absent: not accepted within the time; ask again with the same id. */
  stage?: WorkflowUpdateStage;
  outcome?: UpdateOutcome;
}
/** `POST /v1/workflows/update-with-start`: the start goes by its conflict policy, then the update. */
export interface UpdateWithStartRequest {
  start: StartWorkflowRequest;
  update: UpdateWorkflowRequest;
}
export interface UpdateWithStartResponse {
  start: StartWorkflowResult;
  /** Absent if the start was refused. */
  update?: UpdateWorkflowResponse;
}

/** `POST /v1/workflows/:workflowId/query`. */
export interface QueryWorkflowRequest {
  queryName: string;
  args: JsonValue[];
  headers?: Headers;
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
  details?: JsonValue[];
  /** Undo what was done: a linked system run starts in the same transaction and runs the undos without workflow code. Default false. */
  rollback?: boolean;
}
export interface TerminateWorkflowResponse {
  /** With `rollback`, where undos were owed. */
  rollback?: WorkflowExecution;
}

/**
 * `POST /v1/workflows/:workflowId/reset`: ends the run and begins a new one whose history is the old one's up to (not including) the workflow task that
 * `eventId` belongs to. `POST …/fork`: the same under another workflow id, leaving the run alone.
 */
export interface ResetWorkflowRequest {
  /** A WORKFLOW_TASK_COMPLETED event, or any event: then the last one that was completed before it. */
  eventId: number;
  reason: string;
  identity?: string;
  /** What of the events after that point is put in again. Default ALL: signals and updates. */
  reapply?: 'ALL' | 'NONE';
  /** Fork only (required there). */
  workflowId?: string;
}
export type ResetWorkflowResponse = WorkflowExecution;

/** `POST /v1/workflows/:workflowId/pause` and `/unpause`: no workflow task and no new attempt while paused; events are recorded. Answer 204. */
export interface PauseWorkflowRequest {
  reason: string;
  identity?: string;
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
  /** Temporal's list filter, e.g. `WorkflowType = 'order' AND ExecutionStatus = 'Running'`; besides it nothing but cursor and pageSize may be given. */
  query?: string;
  cursor?: string;
  /** Default 100, at most `LIMITS.pageSizeMax`. */
  pageSize?: number;
}
export interface ListWorkflowsResponse {
  workflows: WorkflowSummary[];
  nextCursor?: string;
}

/** `POST /v1/workflows/count`. */
export interface CountWorkflowsRequest {
  query?: string;
}
export interface CountWorkflowsResponse {
  count: number;
  /** For `GROUP BY ExecutionStatus`. */
  groups?: { values: SearchAttributeValue[]; count: number }[];
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
  /** With exactly one workflow id: that run of it, instead of its current one. */
  runId?: string;
  /** With `runId`: runs that continued it (continue-as-new, retry, cron) count in its place. Default true. */
  followRuns?: boolean;
}
export interface AwaitClosedResponse {
  closed: ClosedWorkflow[];
  unknown: string[];
}
export interface ClosedWorkflow extends WorkflowSummary {
  /** The run that goes on in its place: continued as new, retried, by cron. */
  continuedToRunId?: string;
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
