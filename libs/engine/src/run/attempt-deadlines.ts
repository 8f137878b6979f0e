import type { TimeoutType } from '@backstitch/protocol';
import type { AttemptRecord } from '../ports/history-store.js';
import { openIncidentOf, type OpenActivity, type RunState } from './run-state.js';

/** A limit of the current attempt, and when it has run out. */
export interface AttemptDeadline {
  timeoutType: Exclude<TimeoutType, 'SCHEDULE_TO_CLOSE'>;
  atMs: number;
}

/** A worker that lives ends its attempt by itself, and its word is on the way for a moment: the engine waits so much longer. */
export const START_TO_CLOSE_SLACK_MS = 1_000;
/** A time-out that is found so late was due while nobody listened (no orchestrator ran, or it was overloaded): signs of life may be waiting to be read. */
const FOUND_LATE_MS = 5_000;
/** Time that a worker's signs of life get then, once for each attempt. */
const GRACE_MS = 10_000;

/** The limits of the current attempt that the engine itself enforces, in no order. Most attempts have none: nothing is reported of them. */
export function attemptDeadlinesOf(state: RunState, activity: OpenActivity): AttemptDeadline[] {
  return deadlines(state, activity, false);
}

/** When the engine looks at an attempt next; Infinity if it need not. A heartbeat does not change it (law L8). */
export function attemptWakeAtMs(state: RunState, activity: OpenActivity): number {
  // The ordinary step leaves here.
  if (activity.attempts === undefined && activity.options.scheduleToStartTimeoutMs === undefined) {
    return Infinity;
  }
  let earliestMs = Infinity;
  for (const { atMs } of deadlines(state, activity, true)) {
    earliestMs = Math.min(earliestMs, atMs);
  }
  return earliestMs;
}

/** The record of an attempt whose time-out was found too late for being believed; undefined if it is to be believed. */
export function withGrace(attempts: AttemptRecord, deadline: AttemptDeadline, nowMs: number): AttemptRecord | undefined {
  return attempts.graceUntilMs === undefined && nowMs - deadline.atMs > FOUND_LATE_MS ? { ...attempts, graceUntilMs: nowMs + GRACE_MS } : undefined;
}

/** What of a record does not hold for the next attempt is left out. */
export function forNextAttempt({ running: _running, graceUntilMs: _graceUntilMs, nextAttemptAtMs: _nextAttemptAtMs, ...kept }: AttemptRecord): AttemptRecord {
  return kept;
}

/** When the current attempt was, or is to be, put on its queue. */
export function attemptScheduledAtMs(activity: OpenActivity): number {
  return activity.attempts?.nextAttemptAtMs ?? activity.scheduledAtMs;
}

/** @param forWaking heartbeats: when to look, instead of when the time is out */
function deadlines(state: RunState, activity: OpenActivity, forWaking: boolean): AttemptDeadline[] {
  const { options, attempts } = activity;
  const running = attempts?.running;
  const notBeforeMs = attempts?.graceUntilMs ?? 0;
  if (openIncidentOf(state, activity.scheduledEventId, 'UNDO_FAILED') !== undefined) {
    // No attempt is under way: a person decides.
    return [];
  }
  if (running === undefined) {
    return options.scheduleToStartTimeoutMs === undefined || attempts?.paused !== undefined
      ? []
      : [{ timeoutType: 'SCHEDULE_TO_START', atMs: Math.max(notBeforeMs, attemptScheduledAtMs(activity) + options.scheduleToStartTimeoutMs) }];
  }
  const found: AttemptDeadline[] = [];
  if (options.startToCloseTimeoutMs !== undefined) {
    // Nobody but the engine keeps the time of an attempt that is completed from outside.
    const slackMs = running.completesOutside === true ? 0 : START_TO_CLOSE_SLACK_MS;
    found.push({ timeoutType: 'START_TO_CLOSE', atMs: Math.max(notBeforeMs, running.startedAtMs + options.startToCloseTimeoutMs + slackMs) });
  }
  if (options.heartbeatTimeoutMs !== undefined) {
    const silentAtMs = Math.max(notBeforeMs, running.heardFromAtMs + options.heartbeatTimeoutMs);
    found.push({ timeoutType: 'HEARTBEAT', atMs: forWaking ? Math.min(silentAtMs, Math.max(notBeforeMs, running.heartbeatCheckAtMs ?? silentAtMs)) : silentAtMs });
  }
  return found;
}
