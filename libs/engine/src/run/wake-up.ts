import { attemptWakeAtMs } from './attempt-deadlines.js';
import { runDeadlineMs } from './lineage.js';
import { holdingIncident, isOpen, type OpenActivity, type RunState } from './run-state.js';

/** When a run has something to do by itself: its earliest timer, deadline or incident of what is delayed; undefined if never. */
export function wakeAtMsOf(state: RunState, limits: DelayLimits): number | undefined {
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
      delayIncidentAtMs(state, activity, limits) ?? Infinity,
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
  return scheduleToCloseTimeoutMs === undefined || state.incidents.some(({ scheduledEventId, kind }) => scheduledEventId === activity.scheduledEventId && kind !== 'QUEUE_NOT_SERVED')
    ? undefined
    : activity.scheduledAtMs + scheduleToCloseTimeoutMs;
}

/** How long what is tried for ever may take before a person is told (law L7). */
export interface DelayLimits {
  undoIncidentAfterMs: number;
  forwardIncidentAfterMs: number;
}

/**
 * When an activity that must succeed - an undo, a pivot, a step beyond one - and has not becomes an incident: so long after it was scheduled, or after an incident about
 * it was resolved. Undefined for any other activity, and while an incident about it is open.
 */
export function delayIncidentAtMs(state: RunState, activity: OpenActivity, limits: DelayLimits): number | undefined {
  const { undoOf, forward } = activity.header;
  if (undoOf === undefined && forward === undefined) {
    return undefined;
  }
  let sinceMs = triedSinceMs(activity);
  const firstEventId = firstEventIdOf(state, activity);
  for (const incident of state.incidents) {
    if (incident.scheduledEventId === firstEventId && incident.kind !== 'QUEUE_NOT_SERVED') {
      if (isOpen(incident)) {
        return undefined;
      }
      sinceMs = Math.max(sinceMs, incident.resolution?.resolvedAtMs ?? 0);
    }
  }
  return sinceMs + (undoOf === undefined ? limits.forwardIncidentAfterMs : limits.undoIncidentAfterMs);
}

/** When an activity was begun: for the first time, where it was several times. */
export function triedSinceMs({ scheduledAtMs, header: { forward } }: OpenActivity): number {
  return forward?.kind === 'STEP' && forward.again !== undefined ? forward.again.sinceMs : scheduledAtMs;
}

/** A step beyond its pivot may be begun several times: incidents speak of the first activity. */
export function firstEventIdOf(state: RunState, { scheduledEventId, header: { forward } }: OpenActivity): number {
  return forward?.kind !== 'STEP' || forward.again === undefined ? scheduledEventId : (state.activities.get(forward.again.seq)?.scheduledEventId ?? scheduledEventId);
}
