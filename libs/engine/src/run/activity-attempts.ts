import { activityKey, ENVELOPE_VERSION, outcomesQueueOf, type ActivityJob } from '@backstitch/protocol';
import type { AttemptRecord } from '../ports/history-store.js';
import type { KnownActivity, OpenActivity, RunState } from './run-state.js';
import { scheduleToCloseDeadlineMs } from './wake-up.js';

/** What holds of an activity until its first attempt failed or was dispatched again. */
export function currentAttempt(activity: OpenActivity): AttemptRecord {
  return activity.attempts ?? { scheduledEventId: activity.scheduledEventId, attempt: 1, dispatch: 1, revision: 0, failedAttempts: [] };
}

/** The idempotency key of an open activity, as edited. */
export function keyOf(state: RunState, activity: OpenActivity): string {
  return activityKey(state.runId, activity.scheduledEventId, currentAttempt(activity).revision);
}

/** The envelope of an activity's current attempt. */
export function activityJobOf(state: RunState, activity: OpenActivity): ActivityJob {
  const { scheduledEventId, activityId, activityType, options, header, scheduledAtMs } = activity;
  const { attempt, dispatch, editedInput, supersedesKey, lastFailure, heartbeatDetails } = currentAttempt(activity);
  const step = header.undoOf === undefined ? undefined : stepOf(state, header.undoOf.scheduledEventId);
  const { startToCloseTimeoutMs, heartbeatTimeoutMs } = options;
  const scheduleToCloseDeadline = scheduleToCloseDeadlineMs(activity, state);
  return {
    envelopeVersion: ENVELOPE_VERSION,
    kind: 'activity',
    workflowId: state.workflowId,
    runId: state.runId,
    workflowType: state.workflowType,
    scheduledEventId,
    activityId,
    activityType,
    key: keyOf(state, activity),
    attempt,
    dispatch,
    input: editedInput ?? activity.input,
    ...(step === undefined ? {} : { undoOf: { key: activityKey(state.runId, step.scheduledEventId, step.revision), activityType: step.activityType } }),
    ...(supersedesKey === undefined ? {} : { supersedesKey }),
    scheduledAtMs,
    ...(startToCloseTimeoutMs === undefined ? {} : { startToCloseTimeoutMs }),
    ...(heartbeatTimeoutMs === undefined ? {} : { heartbeatTimeoutMs }),
    ...(scheduleToCloseDeadline === undefined ? {} : { scheduleToCloseDeadlineMs: scheduleToCloseDeadline }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
    ...(heartbeatDetails === undefined ? {} : { heartbeatDetails }),
    replyTo: outcomesQueueOf(options.taskQueue),
    ...(state.traceparent === undefined ? {} : { traceparent: state.traceparent }),
  };
}

function stepOf(state: RunState, scheduledEventId: number): KnownActivity | undefined {
  return state.activities.get(state.activitySeqs.get(scheduledEventId) ?? 0);
}
