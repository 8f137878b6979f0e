import { attemptWakeAtMs } from './attempt-deadlines.js';
import { runDeadlineMs } from './lineage.js';
import { holdingIncident, isOpen, type OpenActivity, type RunState } from './run-state.js';

/** When a run has something to do by itself: its earliest timer, deadline or incident of a delayed undo; undefined if never. */
export function wakeAtMsOf(state: RunState, undoIncidentAfterMs: number): number | undefined {
  if (state.status !== 'RUNNING') {
    return undefined;
  }
  let earliestMs = ownWakeAtMs(state);
  for (const timer of state.openTimers.values()) {
    earliestMs = Math.min(earliestMs, timer.firesAtMs);
  }
  for (const activity of state.openActivities.values()) {
    earliestMs = Math.min(
      earliestMs,
      scheduleToCloseDeadlineMs(activity, state) ?? Infinity,
      undoIncidentAtMs(state, activity, undoIncidentAfterMs) ?? Infinity,
      attemptWakeAtMs(state, activity),
    );
  }
  return earliestMs === Infinity ? undefined : earliestMs;
}

/** A workflow task that nothing else brings about, and the run's own time-outs. */
function ownWakeAtMs(state: RunState): number {
  const { extras, taskDueAtMs } = state;
  const isHeld = extras?.paused !== undefined || holdingIncident(state) !== undefined;
  const dueAtMs = taskDueAtMs === undefined || isHeld ? Infinity : taskDueAtMs;
  return extras?.started === undefined ? dueAtMs : Math.min(dueAtMs, runDeadlineMs(extras.started, state.startedAtMs) ?? Infinity);
}

/** When the engine gives an activity up; undefined without such a limit, and once a person was asked what to do with it: then the person decides. */
export function scheduleToCloseDeadlineMs(activity: OpenActivity, state: RunState): number | undefined {
  const { scheduleToCloseTimeoutMs } = activity.options;
  return scheduleToCloseTimeoutMs === undefined || state.incidents.some(({ scheduledEventId }) => scheduledEventId === activity.scheduledEventId)
    ? undefined
    : activity.scheduledAtMs + scheduleToCloseTimeoutMs;
}

/**
 * When an undo that has not succeeded becomes an incident: so long after it was scheduled, or after an incident about it was resolved.
 * Undefined for what is no undo, and while an incident about it is open.
 */
export function undoIncidentAtMs(state: RunState, activity: OpenActivity, undoIncidentAfterMs: number): number | undefined {
  if (activity.header.undoOf === undefined) {
    return undefined;
  }
  let sinceMs = activity.scheduledAtMs;
  for (const incident of state.incidents) {
    if (incident.scheduledEventId === activity.scheduledEventId) {
      if (isOpen(incident)) {
        return undefined;
      }
      sinceMs = Math.max(sinceMs, incident.resolution?.resolvedAtMs ?? 0);
    }
  }
  return sinceMs + undoIncidentAfterMs;
}
