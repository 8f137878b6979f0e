import type { Failure, JsonValue } from '@backstitch/protocol';
import { summaryOf } from '../failures.js';
import type { AttemptRecord } from '../ports/history-store.js';
import { decideRetry } from '../retry-decision.js';
import { currentAttempt } from '../run/activity-attempts.js';
import { forNextAttempt } from '../run/attempt-deadlines.js';
import { identityOf, openIncidentOf, type OpenActivity } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { scheduleToCloseDeadlineMs } from '../run/wake-up.js';
import { failActivity } from './close-activity.js';

/** Failed attempts that are kept for a person to see. */
const FAILED_ATTEMPTS_KEPT = 10;

/** An attempt that came to nothing. */
export interface EndedAttempt {
  attempt: number;
  /** Absent: it never began, as far as anyone knows. */
  startedAtMs?: number;
  finishedAtMs: number;
  identity?: string;
  heartbeatDetails?: JsonValue;
}

/** An attempt failed, or ran out of time: the next one is dispatched, or the activity closes, or a person is asked (an undo). What is late is ignored. */
export function attemptFailed(turn: Turn, activity: OpenActivity, ended: EndedAttempt, failure: Failure): void {
  const { state, nowMs } = turn;
  const attempts = currentAttempt(activity);
  if (ended.attempt < attempts.attempt || openIncidentOf(state, activity.scheduledEventId, 'UNDO_FAILED') !== undefined) {
    // Another attempt is under way, or a person decides.
    return;
  }
  const decision = decideRetry({
    failure,
    attempt: ended.attempt,
    policy: activity.options.retryPolicy,
    nowMs,
    deadlineMs: scheduleToCloseDeadlineMs(activity, state),
    cancelRequested: activity.cancelRequested,
    random: turn.settings.random(),
  });
  const nextAttemptAtMs = decision.retry ? nowMs + decision.delayMs : undefined;
  const { activityType, options } = activity;
  const { attempt } = ended;
  turn.resolveIncidentOf(activity, ended.startedAtMs === undefined ? 'The attempt ended.' : 'A worker has taken the activity.', 'QUEUE_NOT_SERVED');
  turn.facts.push((observer) => observer.attemptFailed?.({ ...identityOf(state), activityType, taskQueue: options.taskQueue, attempt, failure, nextAttemptAtMs }));
  if (decision.retry) {
    turn.setAttempts(activity, { ...afterFailure(attempts, ended, failure, nowMs), attempt: attempt + 1, dispatch: 1, nextAttemptAtMs });
    if (attempts.paused === undefined) {
      turn.dispatch(activity, decision.delayMs);
    }
    return;
  }
  if (activity.header.undoOf !== undefined) {
    turn.setAttempts(activity, afterFailure(attempts, ended, failure, nowMs));
    turn.resolveIncidentOf(activity, 'The undo failed for good; another incident takes over.');
    turn.openIncident({
      kind: 'UNDO_FAILED',
      message: `Undo "${activityType}" failed for good: ${summaryOf(failure).message}`,
      scheduledEventId: activity.scheduledEventId,
      failure: summaryOf(failure),
    });
    return;
  }
  if (activity.header.forward?.kind === 'PIVOT') {
    turn.resolveIncidentOf(activity, 'The pivot was refused.');
  }
  failActivity(turn, activity, failure, decision.retryState, ended.startedAtMs === undefined ? undefined : { attempt, startedAtMs: ended.startedAtMs, identity: ended.identity });
}

function afterFailure(attempts: AttemptRecord, ended: EndedAttempt, failure: Failure, nowMs: number): AttemptRecord {
  const summary = summaryOf(failure);
  const { attempt, startedAtMs = nowMs, finishedAtMs } = ended;
  return {
    ...forNextAttempt(attempts),
    firstFailureAtMs: attempts.firstFailureAtMs ?? nowMs,
    lastFailure: summary,
    lastStartedAtMs: startedAtMs,
    ...(ended.heartbeatDetails === undefined ? {} : { heartbeatDetails: ended.heartbeatDetails }),
    failedAttempts: [...attempts.failedAttempts, { attempt, startedAtMs, finishedAtMs, failure: summary }].slice(-FAILED_ATTEMPTS_KEPT),
  };
}
