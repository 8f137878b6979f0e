import type { ScheduleOverlapPolicy as WireOverlapPolicy, SearchAttributes } from '@backstitch/protocol';
import type { Duration } from '@backstitch/protocol/failures';
import type { Workflow } from './definitions.js';
import type { WorkflowOptions, WorkflowStartOptions } from './workflow-options.js';

/** What happens when an action is due while one before it runs. */
export const ScheduleOverlapPolicy = {
  /** It is left out. */
  SKIP: 'SKIP',
  /** It waits for the end of the other; a second one that would wait is left out. */
  BUFFER_ONE: 'BUFFER_ONE',
  /** All wait, one after the other. */
  BUFFER_ALL: 'BUFFER_ALL',
  /** The other is asked to cancel; this one follows when that has ended. */
  CANCEL_OTHER: 'CANCEL_OTHER',
  /** The other is terminated. */
  TERMINATE_OTHER: 'TERMINATE_OTHER',
  /** Both run. */
  ALLOW_ALL: 'ALLOW_ALL',
  /** The default. */
  UNSPECIFIED: undefined,
} as const satisfies Record<WireOverlapPolicy, WireOverlapPolicy> & { UNSPECIFIED: undefined };
export type ScheduleOverlapPolicy = (typeof ScheduleOverlapPolicy)[keyof typeof ScheduleOverlapPolicy];

export const MONTHS = ['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'] as const;
export type Month = (typeof MONTHS)[number];
export const DAYS_OF_WEEK = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;
export type DayOfWeek = (typeof DAYS_OF_WEEK)[number];

export interface Range<Unit> {
  start: Unit;
  end: Unit;
  step: number;
}
/** One value, or those from `start` to `end`. */
export type LooseRange<Unit> = Range<Unit> | { start: Unit; end?: Unit; step?: never } | Unit;

type Field<Unit> = LooseRange<Unit> | LooseRange<Unit>[] | '*';

/** Times of the clock at which all fields match. */
export interface CalendarSpec {
  /** Default 0. */
  second?: Field<number>;
  /** Default 0. */
  minute?: Field<number>;
  /** Default 0. */
  hour?: Field<number>;
  /** Default every one. */
  dayOfMonth?: Field<number>;
  /** Names, or numbers from 1. Default every one. */
  month?: Field<Month | number>;
  /** Default every one. */
  year?: Field<number>;
  /** Names, or numbers from 0, which is Sunday. Default every one. */
  dayOfWeek?: Field<DayOfWeek | number>;
  comment?: string;
}

export interface CalendarSpecDescription {
  second: Range<number>[];
  minute: Range<number>[];
  hour: Range<number>[];
  dayOfMonth: Range<number>[];
  month: Range<Month>[];
  year: Range<number>[];
  dayOfWeek: Range<DayOfWeek>[];
  comment?: string;
}

/** Every so often, counted from the epoch. */
export interface IntervalSpec {
  every: Duration;
  /** Default 0. */
  offset?: Duration;
}
export interface IntervalSpecDescription {
  every: number;
  offset: number;
}

/** When actions are due: at every time that any of these names, less those to be skipped. */
export interface ScheduleSpec {
  calendars?: CalendarSpec[];
  intervals?: IntervalSpec[];
  /** Five to seven fields, all of which must match; `@daily` and the like; `@every 1h`. */
  cronExpressions?: string[];
  skip?: CalendarSpec[];
  startAt?: Date;
  endAt?: Date;
  /** Each time is put off by up to so much. Default 0. */
  jitter?: Duration;
  /** IANA name. Default UTC. */
  timezone?: string;
}
export type ScheduleSpecDescription = Omit<ScheduleSpec, 'calendars' | 'intervals' | 'skip' | 'jitter'> & {
  calendars?: CalendarSpecDescription[];
  intervals?: IntervalSpecDescription[];
  skip?: CalendarSpecDescription[];
  jitter?: number;
};

/** Starts a workflow; the time stands behind its id. */
export type ScheduleOptionsStartWorkflowAction<W extends Workflow> = { type: 'startWorkflow'; workflowType: string | W } & Pick<
  WorkflowStartOptions<W>,
  | 'taskQueue'
  | 'args'
  | 'memo'
  | 'searchAttributes'
  | 'typedSearchAttributes'
  | 'retry'
  | 'workflowExecutionTimeout'
  | 'workflowRunTimeout'
  | 'workflowTaskTimeout'
  | 'staticSummary'
  | 'staticDetails'
> & {
    /** Default `<scheduleId>-workflow`. */
    workflowId?: string;
  };
export type ScheduleOptionsAction = ScheduleOptionsStartWorkflowAction<Workflow>;

export interface Backfill {
  start: Date;
  end: Date;
  overlap?: ScheduleOverlapPolicy;
}

export interface ScheduleOptions<A extends ScheduleOptionsAction = ScheduleOptionsAction> {
  scheduleId: string;
  spec: ScheduleSpec;
  action: A;
  policies?: {
    /** Default SKIP. */
    overlap?: ScheduleOverlapPolicy;
    /** What could not be done for so long is left out. Default 1 year, at least 10 seconds. */
    catchupWindow?: Duration;
    /** Default false. */
    pauseOnFailure?: boolean;
  };
  memo?: Record<string, unknown>;
  searchAttributes?: WorkflowOptions['searchAttributes'];
  typedSearchAttributes?: WorkflowOptions['typedSearchAttributes'];
  state?: {
    paused?: boolean;
    note?: string;
    /** Default unlimited. */
    remainingActions?: number;
    /** Default false. */
    triggerImmediately?: boolean;
    backfill?: Backfill[];
  };
}

export type ScheduleUpdateOptions<A extends ScheduleOptionsAction = ScheduleOptionsAction> = Omit<ScheduleOptions, 'scheduleId' | 'memo' | 'action' | 'state'> & {
  action: A;
  state?: Omit<NonNullable<ScheduleOptions['state']>, 'triggerImmediately' | 'backfill'>;
};

export interface ScheduleExecutionStartWorkflowActionResult {
  type: 'startWorkflow';
  workflow: { workflowId: string; firstExecutionRunId: string };
}
export type ScheduleExecutionActionResult = ScheduleExecutionStartWorkflowActionResult;
export interface ScheduleExecutionResult {
  scheduledAt: Date;
  takenAt: Date;
  action: ScheduleExecutionActionResult;
}

export interface ScheduleSummaryStartWorkflowAction {
  type: 'startWorkflow';
  workflowType: string;
}
export type ScheduleSummaryAction = ScheduleSummaryStartWorkflowAction;
export type ScheduleDescriptionStartWorkflowAction = ScheduleSummaryStartWorkflowAction &
  Pick<WorkflowOptions, 'memo' | 'searchAttributes' | 'retry' | 'workflowExecutionTimeout' | 'workflowRunTimeout' | 'workflowTaskTimeout' | 'staticSummary' | 'staticDetails'> & {
    taskQueue: string;
    workflowId: string;
    args: unknown[];
  };
export type ScheduleDescriptionAction = ScheduleDescriptionStartWorkflowAction;

/** One schedule of a list. */
export interface ScheduleSummary {
  scheduleId: string;
  spec?: ScheduleSpecDescription;
  action?: ScheduleSummaryAction;
  memo?: Record<string, unknown>;
  searchAttributes?: SearchAttributes;
  state: { paused: boolean; note?: string };
  info: { recentActions: ScheduleExecutionResult[]; nextActionTimes: Date[] };
}

/** All that is told of one schedule. It may be changed and given back as an update. */
export interface ScheduleDescription extends ScheduleSummary {
  spec: ScheduleSpecDescription;
  action: ScheduleDescriptionAction;
  policies: { overlap: ScheduleOverlapPolicy; catchupWindow: number; pauseOnFailure: boolean };
  searchAttributes: SearchAttributes;
  state: { paused: boolean; note?: string; remainingActions?: number };
  info: {
    recentActions: ScheduleExecutionResult[];
    nextActionTimes: Date[];
    numActionsTaken: number;
    numActionsMissedCatchupWindow: number;
    numActionsSkippedOverlap: number;
    createdAt: Date;
    lastUpdatedAt: Date | undefined;
    runningActions: ScheduleExecutionActionResult[];
  };
  /** As the orchestrator answered it. */
  raw: object;
}
