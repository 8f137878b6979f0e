import type { ScheduleBackfill, ScheduleDefinition, ScheduleProgress } from '@backstitch/protocol';
import type { ScheduleTimes } from './schedule-times.js';

const CATCHUP_WINDOW_MS = 365 * 24 * 60 * 60 * 1_000;
const CATCHUP_WINDOW_MIN_MS = 10_000;
/** Actions that wait to be taken; those that are due beyond it are counted as skipped. */
export const BUFFERED_MAX = 1_000;
/** Times seen to in one go; the rest follow at once. */
const TIMES_MAX = 1_000;

/**
 * Sees to all times up to now: what is due is buffered, what could not be taken for too long is missed. Answers the progress, and when there is more to see to.
 */
export function seeToTimes(definition: ScheduleDefinition, progress: ScheduleProgress, times: ScheduleTimes, nowMs: number): { definition: ScheduleDefinition; progress: ScheduleProgress; wakeAtMs: number | undefined } {
  const { policies } = definition;
  const overlap = policies.overlap ?? 'SKIP';
  const catchupWindowMs = Math.max(CATCHUP_WINDOW_MIN_MS, policies.catchupWindowMs ?? CATCHUP_WINDOW_MS);
  const buffered = [...progress.buffered];
  let { seenUpToMs, actionsMissed, actionsSkipped } = progress;
  let remaining = definition.state.remainingActions;
  let next = times.next(seenUpToMs);
  for (let seen = 0; next !== undefined && next.actualMs <= nowMs && seen < TIMES_MAX; seen += 1) {
    seenUpToMs = next.nominalMs;
    if (definition.state.paused !== true && remaining !== 0) {
      if (nowMs - next.actualMs > catchupWindowMs) actionsMissed += 1;
      else if (buffered.length >= BUFFERED_MAX) actionsSkipped += 1;
      else {
        buffered.push({ scheduledAtMs: seenUpToMs, overlap, byHand: false });
        if (remaining !== undefined) remaining -= 1;
      }
    }
    next = times.next(seenUpToMs);
  }
  const isResting = remaining === 0;
  return {
    definition: remaining === definition.state.remainingActions ? definition : { ...definition, state: { ...definition.state, ...(remaining !== undefined && { remainingActions: remaining }) } },
    progress: { ...progress, seenUpToMs, actionsMissed, actionsSkipped, buffered },
    // A paused one is looked at again when it is resumed, as all changes are.
    wakeAtMs: definition.state.paused === true || isResting ? undefined : next?.actualMs,
  };
}

/** The actions of past times, as if they were due now. */
export function backfilled(definition: ScheduleDefinition, times: ScheduleTimes, { startMs, endMs, overlap }: ScheduleBackfill): ScheduleProgress['buffered'] {
  const actions: ScheduleProgress['buffered'] = [];
  for (let next = times.next(startMs - 1); next !== undefined && next.nominalMs <= endMs && actions.length < BUFFERED_MAX; next = times.next(next.nominalMs)) {
    actions.push({ scheduledAtMs: next.nominalMs, overlap: overlap ?? definition.policies.overlap ?? 'SKIP', byHand: true });
  }
  return actions;
}

/** What is to be done with the first of the buffered actions. */
export type OverlapDecision = 'start' | 'skip' | 'wait' | 'cancelAndWait' | 'terminateAndStart';

/** @param isWaiting another action waits already, before this one */
export function decideOverlap(overlap: ScheduleProgress['buffered'][number]['overlap'], isRunning: boolean, isWaiting: boolean): OverlapDecision {
  switch (overlap) {
    case 'ALLOW_ALL':
      return 'start';
    case 'SKIP':
      return isRunning || isWaiting ? 'skip' : 'start';
    case 'BUFFER_ONE':
      return isWaiting ? 'skip' : isRunning ? 'wait' : 'start';
    case 'BUFFER_ALL':
      return isRunning || isWaiting ? 'wait' : 'start';
    case 'CANCEL_OTHER':
      return isWaiting ? 'wait' : isRunning ? 'cancelAndWait' : 'start';
    case 'TERMINATE_OTHER':
      return isRunning ? 'terminateAndStart' : 'start';
    default:
      return overlap satisfies never;
  }
}
