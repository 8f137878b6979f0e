import type {
  RetryPolicy as WireRetryPolicy,
  ScheduleActionResult,
  ScheduleCalendar,
  ScheduleDefinition,
  ScheduleRange,
  ScheduleDescription as WireDescription,
  WorkflowExecution,
} from '@backstitch/protocol';
import { durationToMs, type Duration } from '@backstitch/protocol/failures';
import type { Headers } from '@backstitch/protocol/payloads';
import { nameOf } from './definitions.js';
import type { Payloads } from './payloads.js';
import {
  DAYS_OF_WEEK,
  MONTHS,
  type CalendarSpec,
  type CalendarSpecDescription,
  type Range,
  type ScheduleDescription,
  type ScheduleExecutionActionResult,
  type ScheduleExecutionResult,
  type ScheduleOptions,
  type ScheduleOptionsAction,
  type ScheduleSpec,
  type ScheduleSpecDescription,
  type ScheduleSummary,
  type ScheduleUpdateOptions,
} from './schedule-options.js';
import { DETAILS_MEMO, SUMMARY_MEMO, toStartRequest, type RetryPolicy } from './workflow-options.js';

const CATCHUP_WINDOW_DEFAULT_MS = 365 * 24 * 60 * 60 * 1_000;

/** A schedule as it goes over the wire. @throws TypeError for what is no duration, day or month */
export async function toDefinition(scheduleId: string, options: ScheduleOptions | ScheduleUpdateOptions, payloads: Payloads, headers: Headers): Promise<ScheduleDefinition> {
  const { spec, policies = {}, state = {} } = options;
  const { overlap, catchupWindow, pauseOnFailure } = policies;
  const { paused, note, remainingActions } = state;
  return {
    spec: toWireSpec(spec),
    action: await toAction(scheduleId, options.action, payloads, headers),
    policies: {
      ...(overlap !== undefined && { overlap }),
      ...(catchupWindow !== undefined && { catchupWindowMs: durationToMs(catchupWindow, 'catchupWindow') }),
      ...(pauseOnFailure !== undefined && { pauseOnFailure }),
    },
    state: {
      ...(paused !== undefined && { paused }),
      ...(note !== undefined && { note }),
      ...(remainingActions !== undefined && { remainingActions }),
    },
  };
}

async function toAction(scheduleId: string, action: ScheduleOptionsAction, payloads: Payloads, headers: Headers): Promise<ScheduleDefinition['action']> {
  const { type, workflowType, ...options } = action;
  const request = await toStartRequest(nameOf(workflowType, 'A workflow'), { ...options, workflowId: action.workflowId ?? `${scheduleId}-workflow`, args: (action.args ?? []) as unknown[] }, payloads, headers);
  const { requestFingerprint: _fingerprint, workflowIdReusePolicy: _reuse, workflowIdConflictPolicy: _conflict, signal: _signal, ...rest } = request;
  return { type, ...rest };
}

function toWireSpec({ calendars, intervals, cronExpressions, skip, startAt, endAt, jitter, timezone }: ScheduleSpec): ScheduleDefinition['spec'] {
  return {
    ...(calendars !== undefined && { calendars: calendars.map(toWireCalendar) }),
    ...(intervals !== undefined && {
      intervals: intervals.map(({ every, offset }) => ({ everyMs: durationToMs(every, 'every'), ...(offset !== undefined && { offsetMs: durationToMs(offset, 'offset') }) })),
    }),
    ...(cronExpressions !== undefined && { cronExpressions }),
    ...(skip !== undefined && { skip: skip.map(toWireCalendar) }),
    ...(startAt !== undefined && { startAtMs: startAt.getTime() }),
    ...(endAt !== undefined && { endAtMs: endAt.getTime() }),
    ...(jitter !== undefined && { jitterMs: durationToMs(jitter, 'jitter') }),
    ...(timezone !== undefined && { timezone }),
  };
}

function toWireCalendar({ second, minute, hour, dayOfMonth, month, year, dayOfWeek, comment }: CalendarSpec): ScheduleCalendar {
  const month1 = (value: unknown): number => numberOf(value, MONTHS, 1, 'month');
  const day0 = (value: unknown): number => numberOf(value, DAYS_OF_WEEK, 0, 'day of the week');
  const number = (value: unknown): number => numberOf(value, [], 0, 'number');
  return {
    ...field('second', second, number, [0, 59]),
    ...field('minute', minute, number, [0, 59]),
    ...field('hour', hour, number, [0, 23]),
    ...field('dayOfMonth', dayOfMonth, number, [1, 31]),
    ...field('month', month, month1, [1, 12]),
    ...field('year', year, number, undefined),
    ...field('dayOfWeek', dayOfWeek, day0, [0, 6]),
    ...(comment !== undefined && { comment }),
  };
}

function numberOf(value: unknown, names: readonly string[], first: number, what: string): number {
  const index = typeof value === 'string' ? names.indexOf(value.toUpperCase()) : -1;
  const number = index >= 0 ? index + first : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) throw new TypeError(`${JSON.stringify(value) ?? 'undefined'} is no ${what}.`);
  return number;
}

/** `'*'` is every one; where that is not the default, the whole range. */
function field<Name extends keyof ScheduleCalendar>(name: Name, value: unknown, read: (value: unknown) => number, whole: readonly [number, number] | undefined): { [K in Name]?: ScheduleRange[] } {
  if (value === undefined || (value === '*' && whole === undefined)) return {};
  const ranges = value === '*' && whole !== undefined ? [{ start: whole[0], end: whole[1] }] : (Array.isArray(value) ? value : [value]).map((item: unknown) => toRange(item, read));
  return { [name]: ranges } as { [K in Name]?: ScheduleRange[] };
}

function toRange(item: unknown, read: (value: unknown) => number): ScheduleRange {
  if (typeof item !== 'object' || item === null) return { start: read(item) };
  const { start, end, step } = item as { start: unknown; end?: unknown; step?: number };
  return { start: read(start), ...(end !== undefined && { end: read(end) }), ...(step !== undefined && step !== 0 && { step }) };
}

/** What is told of a schedule. */
export async function toScheduleDescription(description: WireDescription, payloads: Payloads): Promise<ScheduleDescription> {
  const { scheduleId, schedule, memo, searchAttributes, actionsTaken, actionsMissed, actionsSkipped, createdAtMs, updatedAtMs, recentActions, running, nextActionTimesMs } = description;
  const { action, policies, state } = schedule;
  const { [SUMMARY_MEMO]: summary, [DETAILS_MEMO]: details, ...actionMemo } = await payloads.decodeFields(action.memo ?? {});
  return {
    scheduleId,
    spec: toSpecDescription(schedule.spec),
    action: {
      type: 'startWorkflow',
      workflowType: action.workflowType,
      workflowId: action.workflowId,
      taskQueue: action.taskQueue ?? '',
      args: await payloads.decodeAll(action.args),
      ...(Object.keys(actionMemo).length > 0 && { memo: actionMemo }),
      ...(action.searchAttributes !== undefined && { searchAttributes: action.searchAttributes }),
      ...(action.retryPolicy !== undefined && { retry: fromWireRetryPolicy(action.retryPolicy) }),
      ...(action.workflowExecutionTimeoutMs !== undefined && { workflowExecutionTimeout: action.workflowExecutionTimeoutMs }),
      ...(action.workflowRunTimeoutMs !== undefined && { workflowRunTimeout: action.workflowRunTimeoutMs }),
      ...(action.workflowTaskTimeoutMs !== undefined && { workflowTaskTimeout: action.workflowTaskTimeoutMs }),
      ...(typeof summary === 'string' && { staticSummary: summary }),
      ...(typeof details === 'string' && { staticDetails: details }),
    },
    policies: { overlap: policies.overlap ?? 'SKIP', catchupWindow: policies.catchupWindowMs ?? CATCHUP_WINDOW_DEFAULT_MS, pauseOnFailure: policies.pauseOnFailure ?? false },
    memo: await payloads.decodeFields(memo),
    searchAttributes,
    state: {
      paused: state.paused ?? false,
      ...(state.note !== undefined && { note: state.note }),
      ...(state.remainingActions !== undefined && { remainingActions: state.remainingActions }),
    },
    info: {
      recentActions: recentActions.map(toResult),
      nextActionTimes: nextActionTimesMs.map((timeMs) => new Date(timeMs)),
      numActionsTaken: actionsTaken,
      numActionsMissedCatchupWindow: actionsMissed,
      numActionsSkippedOverlap: actionsSkipped,
      createdAt: new Date(createdAtMs),
      lastUpdatedAt: updatedAtMs === undefined ? undefined : new Date(updatedAtMs),
      runningActions: running.map(toActionResult),
    },
    raw: description,
  };
}

export async function toScheduleSummary(description: WireDescription, payloads: Payloads): Promise<ScheduleSummary> {
  const { scheduleId, spec, action, memo, searchAttributes, state, info } = await toScheduleDescription(description, payloads);
  return {
    scheduleId,
    spec,
    action: { type: action.type, workflowType: action.workflowType },
    ...(memo !== undefined && { memo }),
    searchAttributes,
    state: { paused: state.paused, ...(state.note !== undefined && { note: state.note }) },
    info: { recentActions: info.recentActions, nextActionTimes: info.nextActionTimes },
  };
}

function toSpecDescription({ calendars, intervals, cronExpressions, skip, startAtMs, endAtMs, jitterMs, timezone }: ScheduleDefinition['spec']): ScheduleSpecDescription {
  return {
    ...(calendars !== undefined && { calendars: calendars.map(toCalendarDescription) }),
    ...(intervals !== undefined && { intervals: intervals.map(({ everyMs, offsetMs = 0 }) => ({ every: everyMs, offset: offsetMs })) }),
    ...(cronExpressions !== undefined && { cronExpressions }),
    ...(skip !== undefined && { skip: skip.map(toCalendarDescription) }),
    ...(startAtMs !== undefined && { startAt: new Date(startAtMs) }),
    ...(endAtMs !== undefined && { endAt: new Date(endAtMs) }),
    ...(jitterMs !== undefined && { jitter: jitterMs }),
    ...(timezone !== undefined && { timezone }),
  };
}

function toCalendarDescription({ second, minute, hour, dayOfMonth, month, year, dayOfWeek, comment }: ScheduleCalendar): CalendarSpecDescription {
  const zero = [{ start: 0 }];
  const number = (value: number): number => value;
  return {
    second: rangesOf(second ?? zero, number),
    minute: rangesOf(minute ?? zero, number),
    hour: rangesOf(hour ?? zero, number),
    dayOfMonth: rangesOf(dayOfMonth ?? [{ start: 1, end: 31 }], number),
    month: rangesOf(month ?? [{ start: 1, end: 12 }], (value) => MONTHS[value - 1] ?? 'JANUARY'),
    year: rangesOf(year ?? [], number),
    // 7 is Sunday too.
    dayOfWeek: rangesOf(dayOfWeek ?? [{ start: 0, end: 6 }], (value) => DAYS_OF_WEEK[value % 7] ?? 'SUNDAY'),
    ...(comment !== undefined && { comment }),
  };
}

function rangesOf<Unit>(ranges: readonly ScheduleRange[], unitOf: (value: number) => Unit): Range<Unit>[] {
  return ranges.map(({ start, end = start, step = 1 }) => ({ start: unitOf(start), end: unitOf(end), step }));
}

function fromWireRetryPolicy({ initialIntervalMs, maximumIntervalMs, backoffCoefficient, maximumAttempts, nonRetryableErrorTypes }: WireRetryPolicy): RetryPolicy {
  return {
    ...(initialIntervalMs !== undefined && { initialInterval: initialIntervalMs as Duration }),
    ...(maximumIntervalMs !== undefined && { maximumInterval: maximumIntervalMs as Duration }),
    ...(backoffCoefficient !== undefined && { backoffCoefficient }),
    ...(maximumAttempts !== undefined && { maximumAttempts }),
    ...(nonRetryableErrorTypes !== undefined && { nonRetryableErrorTypes }),
  };
}

function toResult({ scheduledAtMs, takenAtMs, execution }: ScheduleActionResult): ScheduleExecutionResult {
  return { scheduledAt: new Date(scheduledAtMs), takenAt: new Date(takenAtMs), action: toActionResult(execution) };
}

function toActionResult({ workflowId, runId }: WorkflowExecution): ScheduleExecutionActionResult {
  return { type: 'startWorkflow', workflow: { workflowId, firstExecutionRunId: runId } };
}

