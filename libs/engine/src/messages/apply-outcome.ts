import { LIMITS, type ActivityOutcome, type Failure, type JsonValue } from '@backstitch/protocol';
import { payloadTooLargeFailure, summaryOf } from '../failures.js';
import { exceedsJsonBytes, jsonBytes } from '../json.js';
import type { AttemptRecord } from '../ports/history-store.js';
import { decideRetry } from '../retry-decision.js';
import { currentAttempt, keyOf } from '../run/activity-attempts.js';
import { identityOf, openIncidentOf, type OpenActivity } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { scheduleToCloseDeadlineMs } from '../run/wake-up.js';
import { cancelActivity, completeActivity, failActivity, type LastAttempt } from './close-activity.js';
import { DONE, type Answer } from './run-message.js';

/** Failed attempts that are kept for a person to see. */
const FAILED_ATTEMPTS_KEPT = 10;

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
        attemptFailed(turn, activity, outcome, payloadTooLargeFailure(`The result of "${activity.activityType}"`, jsonBytes(ending.result)));
        return DONE;
      }
      turn.resolveIncidentOf(activity, 'The undo succeeded.');
      completeActivity(turn, activity, ending.result, last);
      return DONE;
    }
    case 'failed':
      if (activity.cancelRequested && ending.failure.canceledFailureInfo !== undefined) {
        canceled(turn, activity, ending.failure.canceledFailureInfo.details, last);
      } else {
        attemptFailed(turn, activity, outcome, ending.failure);
      }
      return DONE;
    case 'canceled':
      if (activity.cancelRequested) {
        canceled(turn, activity, ending.details, last);
      } else {
        // Nobody asked for it here: the worker gave up, for example because it shut down.
        attemptFailed(turn, activity, outcome, { message: 'The worker gave the attempt up', canceledFailureInfo: {} });
      }
      return DONE;
    default: {
      const never: never = ending;
      return never;
    }
  }
}

function canceled(turn: Turn, activity: OpenActivity, details: JsonValue[] | undefined, last: LastAttempt): void {
  turn.resolveIncidentOf(activity, 'The undo was cancelled.');
  cancelActivity(turn, activity, details, last);
}

function attemptFailed(turn: Turn, activity: OpenActivity, outcome: ActivityOutcome, failure: Failure): void {
  const { state, nowMs } = turn;
  const attempts = currentAttempt(activity);
  if (outcome.attempt < attempts.attempt || openIncidentOf(state, activity.scheduledEventId)?.kind === 'UNDO_FAILED') {
    // Another attempt is under way, or a person decides.
    return;
  }
  const decision = decideRetry({
    failure,
    attempt: outcome.attempt,
    policy: activity.options.retryPolicy,
    nowMs,
    deadlineMs: scheduleToCloseDeadlineMs(activity, state),
    cancelRequested: activity.cancelRequested,
    random: turn.settings.random(),
  });
  const nextAttemptAtMs = decision.retry ? nowMs + decision.delayMs : undefined;
  const { activityType, options } = activity;
  const { attempt } = outcome;
  turn.facts.push((observer) => observer.attemptFailed?.({ ...identityOf(state), activityType, taskQueue: options.taskQueue, attempt, failure, nextAttemptAtMs }));
  if (decision.retry) {
    turn.setAttempts(activity, { ...afterFailure(attempts, outcome, failure, nowMs), attempt: attempt + 1, dispatch: 1, nextAttemptAtMs });
    turn.dispatch(activity, decision.delayMs);
    return;
  }
  if (activity.header.undoOf !== undefined) {
    turn.setAttempts(activity, afterFailure(attempts, outcome, failure, nowMs));
    turn.resolveIncidentOf(activity, 'The undo failed for good; another incident takes over.');
    turn.openIncident({
      kind: 'UNDO_FAILED',
      message: `Undo "${activityType}" failed for good: ${summaryOf(failure).message}`,
      scheduledEventId: activity.scheduledEventId,
      failure: summaryOf(failure),
    });
    return;
  }
  failActivity(turn, activity, failure, decision.retryState, { attempt, startedAtMs: outcome.startedAtMs, identity: outcome.identity });
}

function afterFailure(attempts: AttemptRecord, outcome: ActivityOutcome, failure: Failure, nowMs: number): AttemptRecord {
  const summary = summaryOf(failure);
  const { attempt, startedAtMs, finishedAtMs } = outcome;
  const { nextAttemptAtMs: _, ...kept } = attempts;
  return {
    ...kept,
    firstFailureAtMs: attempts.firstFailureAtMs ?? nowMs,
    lastFailure: summary,
    lastStartedAtMs: startedAtMs,
    ...(outcome.heartbeatDetails === undefined ? {} : { heartbeatDetails: outcome.heartbeatDetails }),
    failedAttempts: [...attempts.failedAttempts, { attempt, startedAtMs, finishedAtMs, failure: summary }].slice(-FAILED_ATTEMPTS_KEPT),
  };
}
