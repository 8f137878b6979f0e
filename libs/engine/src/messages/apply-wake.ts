import { scheduleToCloseFailure } from '../failures.js';
import { currentAttempt } from '../run/activity-attempts.js';
import type { OpenActivity } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { delayIncidentAtMs, firstEventIdOf, scheduleToCloseDeadlineMs, triedSinceMs } from '../run/wake-up.js';
import { endAttemptInSilence } from './attempt-timed-out.js';
import { failActivity } from './close-activity.js';

/** Does what is due: fires timers, gives activities up whose deadline passed, opens incidents of what takes too long. */
export function applyWake(turn: Turn): void {
  const { state, nowMs } = turn;
  if (state.status !== 'RUNNING') {
    return;
  }
  const dueTimers = [...state.openTimers.values()].filter(({ firesAtMs }) => firesAtMs <= nowMs).sort((a, b) => a.firesAtMs - b.firesAtMs || a.startedEventId - b.startedEventId);
  for (const { timerId, startedEventId } of dueTimers) {
    turn.record('TIMER_FIRED', { timerId, startedEventId });
  }
  for (const activity of [...state.openActivities.values()]) {
    if ((scheduleToCloseDeadlineMs(activity, state) ?? Infinity) <= nowMs) {
      giveUp(turn, activity);
      continue;
    }
    endAttemptInSilence(turn, activity);
    if (state.openActivities.has(activity.scheduledEventId) && (delayIncidentAtMs(state, activity, turn.settings) ?? Infinity) <= nowMs) {
      openDelayed(turn, activity);
    }
  }
}

function giveUp(turn: Turn, activity: OpenActivity): void {
  const failure = scheduleToCloseFailure(currentAttempt(activity).lastFailure);
  turn.cancelAttempt(activity, false);
  turn.resolveIncidentOf(activity, 'The attempt ended.', 'QUEUE_NOT_SERVED');
  if (activity.header.undoOf === undefined) {
    failActivity(turn, activity, failure, 'TIMEOUT', undefined);
    return;
  }
  turn.openIncident({
    kind: 'UNDO_FAILED',
    message: `Undo "${activity.activityType}" did not succeed within its schedule-to-close time-out`,
    scheduledEventId: activity.scheduledEventId,
    failure,
  });
}

function openDelayed(turn: Turn, activity: OpenActivity): void {
  const { lastFailure } = currentAttempt(activity);
  const { forward } = activity.header;
  const sinceMs = triedSinceMs(activity);
  const isFirst = firstEventIdOf(turn.state, activity) === activity.scheduledEventId;
  const what = forward === undefined ? 'Undo' : forward.kind === 'PIVOT' ? 'Pivot' : 'Step beyond the pivot';
  turn.openIncident({
    kind: forward === undefined ? 'UNDO_DELAYED' : 'STEP_DELAYED',
    message: `${what} "${activity.activityType}" has not succeeded for ${Math.round((turn.nowMs - sinceMs) / 1_000)} seconds${lastFailure !== undefined ? `: ${lastFailure.message}` : isFirst ? '; no attempt has come back' : ''}`,
    scheduledEventId: firstEventIdOf(turn.state, activity),
    ...(lastFailure === undefined ? {} : { failure: lastFailure }),
  });
}
