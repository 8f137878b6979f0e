import { currentAttempt } from '../run/activity-attempts.js';
import { openIncidentOf, type OpenActivity } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';

/** Recovery (law L1): every open activity's current attempt goes on its queue again, under a new dispatch number and so under a new job id. */
export function applyRedispatch(turn: Turn): void {
  const { state, nowMs } = turn;
  if (state.status !== 'RUNNING') {
    return;
  }
  for (const activity of state.openActivities.values()) {
    if (openIncidentOf(state, activity.scheduledEventId, 'UNDO_FAILED') !== undefined) {
      // No attempt is under way: a person decides.
      continue;
    }
    if (needsNoJob(activity)) {
      continue;
    }
    if (activity.cancelRequested) {
      // The flag may have been lost with the queue: tell a worker that still runs the old dispatch …
      turn.cancelAttempt(activity, false);
    }
    const attempts = currentAttempt(activity);
    turn.setAttempts(activity, { ...attempts, dispatch: attempts.dispatch + 1 });
    turn.dispatch(activity, Math.max(0, (attempts.nextAttemptAtMs ?? nowMs) - nowMs));
    if (activity.cancelRequested) {
      // … and take the new one off again, which closes the activity if nothing began.
      turn.cancelAttempt(activity, true);
    }
  }
}

/** Nobody is to begin it now; or it is known to be under way, and is found by its heartbeat time-out if it is not. */
function needsNoJob({ attempts, options, cancelRequested }: OpenActivity): boolean {
  const { paused, running } = attempts ?? {};
  if (running === undefined) {
    return paused !== undefined;
  }
  return running.completesOutside === true || (options.heartbeatTimeoutMs !== undefined && !cancelRequested);
}
