import { LIMITS, type ActivityOutcome, type JsonValue } from '@backstitch/protocol';
import { payloadTooLargeFailure } from '../failures.js';
import { exceedsJsonBytes, jsonBytes } from '../json.js';
import { currentAttempt, keyOf } from '../run/activity-attempts.js';
import type { OpenActivity } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { attemptFailed, type EndedAttempt } from './attempt-failed.js';
import { attemptRuns } from './attempt-runs.js';
import { cancelActivity, completeActivity, type LastAttempt } from './close-activity.js';
import { DONE, type Answer } from './run-message.js';

/**
 * Takes in how an attempt ended. What is late, repeated or superseded is answered and changes nothing.
 * @param isFresh the run was just read: an attempt that even the store does not know was made all the same, and counts
 */
export function applyOutcome(turn: Turn, outcome: ActivityOutcome, isFresh: boolean): Answer {
  const { state } = turn;
  if (outcome.scheduledEventId >= state.nextEventId) {
    return { status: 'behind' };
  }
  const activity = state.openActivities.get(outcome.scheduledEventId);
  if (activity === undefined || state.status !== 'RUNNING') {
    return DONE;
  }
  if (outcome.attempt > currentAttempt(activity).attempt && !isFresh) {
    return { status: 'behind' };
  }
  if (outcome.key !== keyOf(state, activity)) {
    // The input was edited meanwhile. If the effect happened under the old key, the edited attempt is refused and says so.
    return DONE;
  }
  const last: LastAttempt = { attempt: outcome.attempt, startedAtMs: outcome.startedAtMs, identity: outcome.identity };
  const { outcome: ending } = outcome;
  switch (ending.status) {
    case 'completed': {
      // An effect that happened is never undone by being late: an earlier attempt closes the activity too.
      if (exceedsJsonBytes(ending.result, LIMITS.payloadBytesMax)) {
        attemptFailed(turn, activity, endedAttempt(outcome), payloadTooLargeFailure(`The result of "${activity.activityType}"`, jsonBytes(ending.result)));
        return DONE;
      }
      turn.resolveIncidentOf(activity, activity.header.undoOf === undefined ? 'The activity succeeded.' : 'The undo succeeded.');
      completeActivity(turn, activity, ending.result, last);
      return DONE;
    }
    case 'failed':
      if (activity.cancelRequested && ending.failure.canceledFailureInfo !== undefined) {
        canceled(turn, activity, ending.failure.canceledFailureInfo.details, last);
      } else {
        attemptFailed(turn, activity, endedAttempt(outcome), ending.failure);
      }
      return DONE;
    case 'canceled':
      if (activity.cancelRequested) {
        canceled(turn, activity, ending.details, last);
      } else {
        // Nobody asked for it here: the worker gave up, for example because it shut down.
        attemptFailed(turn, activity, endedAttempt(outcome), { message: 'The worker gave the attempt up', canceledFailureInfo: {} });
      }
      return DONE;
    case 'running':
      attemptRuns(turn, activity, {
        attempt: outcome.attempt,
        startedAtMs: outcome.startedAtMs,
        identity: outcome.identity,
        ...(outcome.heartbeatDetails === undefined ? {} : { heartbeatDetails: outcome.heartbeatDetails }),
        ...(ending.completesOutside === true ? { completesOutside: true } : {}),
      });
      return DONE;
    default: {
      const never: never = ending;
      return never;
    }
  }
}

function canceled(turn: Turn, activity: OpenActivity, details: JsonValue[] | undefined, last: LastAttempt): void {
  turn.resolveIncidentOf(activity, activity.header.undoOf === undefined ? 'The activity was cancelled.' : 'The undo was cancelled.');
  cancelActivity(turn, activity, details, last);
}

function endedAttempt({ attempt, startedAtMs, finishedAtMs, identity, heartbeatDetails }: ActivityOutcome): EndedAttempt {
  return { attempt, startedAtMs, finishedAtMs, identity, ...(heartbeatDetails === undefined ? {} : { heartbeatDetails }) };
}
