import type { Failure, JsonValue } from '@backstitch/protocol';
import { currentAttempt } from '../run/activity-attempts.js';
import { attemptDeadlinesOf, withGrace, type AttemptDeadline } from '../run/attempt-deadlines.js';
import type { OpenActivity } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { attemptFailed } from './attempt-failed.js';

/**
 * Ends the current attempt if one of its limits has run out: start-to-close and heartbeat are tried again as the policy says, schedule-to-start is not.
 * Whoever works on it is told, and whatever it still sends is stale. Else arms the next look at it.
 */
export function endAttemptInSilence(turn: Turn, activity: OpenActivity): void {
  const { state, nowMs } = turn;
  const [due] = attemptDeadlinesOf(state, activity)
    .filter(({ atMs }) => atMs <= nowMs)
    .sort((a, b) => a.atMs - b.atMs);
  if (due === undefined) {
    lookAgain(turn, activity);
    return;
  }
  const attempts = currentAttempt(activity);
  const spared = withGrace(attempts, due, nowMs);
  if (spared !== undefined) {
    turn.setAttempts(activity, spared);
    return;
  }
  turn.cancelAttempt(activity, false);
  const { attempt, running, heartbeatDetails } = attempts;
  attemptFailed(
    turn,
    activity,
    { attempt, finishedAtMs: nowMs, ...(running === undefined ? {} : { startedAtMs: running.startedAtMs, identity: running.identity }) },
    timeoutFailure(due, heartbeatDetails),
  );
}

/** The worker has given signs of life since this was armed. */
function lookAgain(turn: Turn, activity: OpenActivity): void {
  const { attempts, options } = activity;
  const { running } = attempts ?? {};
  if (attempts === undefined || running === undefined || options.heartbeatTimeoutMs === undefined || (running.heartbeatCheckAtMs ?? Infinity) > turn.nowMs) {
    return;
  }
  turn.setAttempts(activity, { ...attempts, running: { ...running, heartbeatCheckAtMs: running.heardFromAtMs + options.heartbeatTimeoutMs } });
}

function timeoutFailure({ timeoutType }: AttemptDeadline, lastHeartbeatDetails: JsonValue | undefined): Failure {
  return {
    message: `activity timed out: ${timeoutType}`,
    timeoutFailureInfo: { timeoutType, ...(lastHeartbeatDetails === undefined || timeoutType === 'SCHEDULE_TO_START' ? {} : { lastHeartbeatDetails }) },
  };
}
