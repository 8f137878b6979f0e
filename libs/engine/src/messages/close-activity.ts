import type { Failure, JsonValue, RetryState } from '@backstitch/protocol';
import { withinPayloadLimit } from '../failures.js';
import { currentAttempt } from '../run/activity-attempts.js';
import type { OpenActivity } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';

/** Who made the last attempt, and when it began. */
export interface LastAttempt {
  attempt: number;
  startedAtMs: number;
  identity?: string;
}

export function completeActivity(turn: Turn, activity: OpenActivity, result: JsonValue, last: LastAttempt): void {
  const startedEventId = recordStarted(turn, activity, last);
  turn.record('ACTIVITY_TASK_COMPLETED', { scheduledEventId: activity.scheduledEventId, startedEventId, result, ...identityOf(last) });
  settle(turn, activity, 'completed');
}

/** Closes the activity with a failure: as timed out if that is what it is. `last` is absent where no attempt is known to have begun. */
export function failActivity(turn: Turn, activity: OpenActivity, failure: Failure, retryState: RetryState, last: LastAttempt | undefined): void {
  const { scheduledEventId } = activity;
  const kept = withinPayloadLimit(failure);
  if (kept.timeoutFailureInfo !== undefined) {
    const startedEventId = last === undefined ? 0 : recordStarted(turn, activity, last);
    turn.record('ACTIVITY_TASK_TIMED_OUT', { scheduledEventId, startedEventId, failure: kept, retryState });
    settle(turn, activity, 'timedOut');
    return;
  }
  const startedEventId = recordStarted(turn, activity, last ?? { attempt: currentAttempt(activity).attempt, startedAtMs: turn.nowMs });
  turn.record('ACTIVITY_TASK_FAILED', { scheduledEventId, startedEventId, failure: kept, retryState, ...identityOf(last) });
  settle(turn, activity, 'failed');
}

/** Closes an activity whose cancellation was requested; `last` is absent if no attempt is known to have begun. */
export function cancelActivity(turn: Turn, activity: OpenActivity, details: JsonValue[] | undefined, last: LastAttempt | undefined): void {
  const startedEventId = last === undefined ? 0 : recordStarted(turn, activity, last);
  turn.record('ACTIVITY_TASK_CANCELED', {
    scheduledEventId: activity.scheduledEventId,
    startedEventId,
    ...(details === undefined ? {} : { details }),
    ...identityOf(last),
  });
  settle(turn, activity, 'canceled');
}

/** Written only now that the activity closes, as Temporal does: attempts before the last leave no event. */
function recordStarted(turn: Turn, activity: OpenActivity, last: LastAttempt): number {
  const { lastFailure } = currentAttempt(activity);
  // Clocks of services differ: an activity never starts before it was scheduled, nor after now.
  const startedAtMs = Math.min(turn.nowMs, Math.max(activity.scheduledAtMs, last.startedAtMs));
  return turn.record(
    'ACTIVITY_TASK_STARTED',
    { scheduledEventId: activity.scheduledEventId, attempt: last.attempt, ...identityOf(last), ...(lastFailure === undefined ? {} : { lastFailure }) },
    startedAtMs,
  );
}

function settle(turn: Turn, activity: OpenActivity, status: 'completed' | 'failed' | 'canceled' | 'timedOut'): void {
  turn.forgetAttempts(activity);
  const { workflowId } = turn.state;
  const { activityType, scheduledAtMs, options } = activity;
  const durationMs = turn.nowMs - scheduledAtMs;
  turn.facts.push((observer) => observer.activityClosed?.({ workflowId, activityType, taskQueue: options.taskQueue, status, durationMs }));
}

function identityOf(last: LastAttempt | undefined): { identity?: string } {
  return last?.identity === undefined ? {} : { identity: last.identity };
}
