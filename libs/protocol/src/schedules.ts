import type { StartWorkflowRequest } from './control-api.js';
import type { JsonObject, JsonValue } from './json.js';
import type { SearchAttributes } from './search-attributes.js';
import type { WorkflowExecution } from './child-workflow-options.js';
import type { WorkflowExecutionStatus } from './workflow-status.js';

/** What happens when an action is due while one before it runs. Temporal's names and meanings. */
export type ScheduleOverlapPolicy = 'SKIP' | 'BUFFER_ONE' | 'BUFFER_ALL' | 'CANCEL_OTHER' | 'TERMINATE_OTHER' | 'ALLOW_ALL';

/** Whole numbers from `start` to `end`, each `step`-th. */
export interface ScheduleRange {
  start: number;
  /** Default: `start`. */
  end?: number;
  /** Default 1. */
  step?: number;
}

/** Times of the clock at which all fields match. */
export interface ScheduleCalendar {
  /** Default 0. */
  second?: ScheduleRange[];
  /** Default 0. */
  minute?: ScheduleRange[];
  /** Default 0. */
  hour?: ScheduleRange[];
  /** From 1. Default: every one. */
  dayOfMonth?: ScheduleRange[];
  /** From 1. Default: every one. */
  month?: ScheduleRange[];
  /** Default: every one. */
  year?: ScheduleRange[];
  /** 0 is Sunday. Default: every one. */
  dayOfWeek?: ScheduleRange[];
  comment?: string;
}

/** When a schedule's actions are due: at every time that any of the calendars, intervals or expressions names, less those to be skipped. */
export interface ScheduleSpec {
  calendars?: ScheduleCalendar[];
  /** Counted from the epoch. */
  intervals?: { everyMs: number; offsetMs?: number }[];
  /** Five fields, or six or seven with seconds and years; `@hourly` and the like; `@every 1h`. All fields must match. */
  cronExpressions?: string[];
  skip?: ScheduleCalendar[];
  startAtMs?: number;
  endAtMs?: number;
  /** Each time is put off by up to so much; always by as much. */
  jitterMs?: number;
  /** IANA name. Default UTC. */
  timezone?: string;
}

/** Starts a workflow, with the time in its id: `<workflowId>-<time>`, so that no time starts two. */
export type ScheduleAction = { type: 'startWorkflow' } & Omit<
  StartWorkflowRequest,
  'requestFingerprint' | 'workflowIdReusePolicy' | 'workflowIdConflictPolicy' | 'cronSchedule' | 'startDelayMs' | 'signal'
>;

export interface ScheduleDefinition {
  spec: ScheduleSpec;
  action: ScheduleAction;
  policies: {
    /** Default SKIP. */
    overlap?: ScheduleOverlapPolicy;
    /** Actions that could not be taken for so long, since nobody was there, are missed. Default 31,536,000,000 (a year), at least 10,000. */
    catchupWindowMs?: number;
    /** A workflow that fails or times out pauses the schedule. Default false. */
    pauseOnFailure?: boolean;
  };
  state: {
    paused?: boolean;
    note?: string;
    /** Actions that are still taken; then the schedule rests. Absent: unlimited. Actions that were asked for by hand are not counted. */
    remainingActions?: number;
  };
}

export interface ScheduleBackfill {
  startMs: number;
  endMs: number;
  /** Default: the schedule's own. */
  overlap?: ScheduleOverlapPolicy;
}

/** `POST /v1/schedules`. Answer 204. */
export interface CreateScheduleRequest {
  scheduleId: string;
  schedule: ScheduleDefinition;
  memo?: JsonObject;
  searchAttributes?: SearchAttributes;
  /** Takes one action at once. */
  triggerImmediately?: boolean;
  /** Takes the actions of past times. */
  backfills?: ScheduleBackfill[];
  identity?: string;
}

/** `POST /v1/schedules/:scheduleId/update`. Answer 204. */
export interface UpdateScheduleRequest {
  schedule: ScheduleDefinition;
  searchAttributes?: SearchAttributes;
  /** As described; another one by now: INVALID_REQUEST. */
  version?: number;
}
/** `POST /v1/schedules/:scheduleId/trigger`. Answer 204. */
export interface TriggerScheduleRequest {
  overlap?: ScheduleOverlapPolicy;
}
/** `POST /v1/schedules/:scheduleId/backfill`. Answer 204. */
export interface BackfillScheduleRequest {
  backfills: ScheduleBackfill[];
}
/** `POST /v1/schedules/:scheduleId/pause` and `/unpause`. Answer 204. `POST …/delete` takes nothing. */
export interface PauseScheduleRequest {
  note?: string;
}

/** An action that was taken. */
export interface ScheduleActionResult {
  scheduledAtMs: number;
  takenAtMs: number;
  execution: WorkflowExecution;
}

/** `GET /v1/schedules/:scheduleId`. */
export interface ScheduleDescription {
  scheduleId: string;
  schedule: ScheduleDefinition;
  memo: JsonObject;
  searchAttributes: SearchAttributes;
  version: number;
  createdAtMs: number;
  updatedAtMs?: number;
  actionsTaken: number;
  actionsMissed: number;
  actionsSkipped: number;
  /** That run, or did when it was looked at last. */
  running: WorkflowExecution[];
  /** The 10 newest, newest last. */
  recentActions: ScheduleActionResult[];
  /** The next 10. */
  nextActionTimesMs: number[];
}

/** `GET /v1/schedules?cursor=&pageSize=`: in order of their ids. */
export interface ListSchedulesResponse {
  schedules: ScheduleDescription[];
  nextCursor?: string;
}

/** What a schedule keeps beside its definition. @internal */
export interface ScheduleProgress {
  /** All times up to this one have been seen to. */
  seenUpToMs: number;
  actionsTaken: number;
  actionsMissed: number;
  actionsSkipped: number;
  /** Actions to be taken, in order. */
  buffered: { scheduledAtMs: number; overlap: ScheduleOverlapPolicy; byHand: boolean }[];
  running: WorkflowExecution[];
  recentActions: ScheduleActionResult[];
  /** How the newest that closed ended. */
  lastEnding?: { status: WorkflowExecutionStatus; result?: JsonValue };
}
