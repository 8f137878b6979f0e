import type { UpdateOutcome } from './activation.js';
import type { WorkflowExecution } from './child-workflow-options.js';
import type { ActivityOptionsSummary, AttemptSummary } from './descriptions.js';
import type { Failure } from './failure.js';
import type { Incident, IncidentDivergence } from './incident.js';
import type { JsonObject, JsonValue } from './json.js';
import type { SearchAttributes } from './search-attributes.js';
import type { WorkflowExecutionStatus, WorkflowUpdateStage } from './workflow-status.js';

/** `GET /v1/workflows/:workflowId`. */
export interface WorkflowDescription extends WorkflowSummary {
  taskQueue?: string;
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
  /** Absent where there are none. */
  children?: ChildDescription[];
  updates?: { updateId: string; updateName: string; stage: WorkflowUpdateStage; outcome?: UpdateOutcome }[];
  parent?: WorkflowExecution;
  root?: WorkflowExecution;
  firstExecutionRunId?: string;
  continuedFromRunId?: string;
  continuedToRunId?: string;
  /** Differences of inputs or options that replay found; what was recorded stays in force (law L6). */
  drift?: IncidentDivergence[];
  paused?: { reason: string; identity?: string; sinceMs: number };
  /** The build of the workflows' code that went on with the run last. */
  buildId?: string;
  /** The run is pinned: no other build goes on with it. */
  pinnedBuildId?: string;
  /** What `setCurrentDetails` said last, and other metadata of the code. */
  currentDetails?: string;
  locks?: { name: string; status: 'WAITING' | 'HELD'; sinceMs: number }[];
  rollback?: WorkflowExecution;
  rollbackOf?: WorkflowExecution;
}

export interface ChildDescription {
  workflowId: string;
  runId?: string;
  workflowType: string;
  initiatedEventId: number;
  status: 'INITIATED' | 'STARTED' | 'COMPLETED' | 'FAILED' | 'CANCELED' | 'TIMED_OUT' | 'TERMINATED';
}

/** The step that an undo takes back. Of a step of an earlier run the ids say nothing, and its key and type do. */
export interface UndoneStep {
  activityId: string;
  scheduledEventId: number;
  key?: string;
  activityType?: string;
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
  undoOf?: UndoneStep;
  /** Attempts that failed, newest last; at most the 10 newest. */
  attempts?: AttemptSummary[];
  lastHeartbeatAtMs?: number;
  heartbeatDetails?: JsonValue;
  paused?: boolean;
  /** The worker of the attempt that is under way, where it is known. */
  identity?: string;
  /** Its handler has returned; the result comes by task token or by ids. */
  completesOutside?: boolean;
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
