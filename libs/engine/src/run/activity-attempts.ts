import { activityKey, ENVELOPE_VERSION, outcomesQueueOf, type ActivityJob } from '@backstitch/protocol';
import type { AttemptRecord } from '../ports/history-store.js';
import type { KnownActivity } from './known-activities.js';
import type { OpenActivity, RunState } from './run-state.js';
import { scheduleToCloseDeadlineMs } from './wake-up.js';

/** What holds of an activity until its first attempt failed or was dispatched again. */
export function currentAttempt(activity: OpenActivity): AttemptRecord {
  return activity.attempts ?? { scheduledEventId: activity.scheduledEventId, attempt: 1, dispatch: 1, revision: 0, failedAttempts: [] };
}

/** The idempotency key of an open activity, as edited. */
export function keyOf(state: RunState, activity: OpenActivity): string {
  return keyAtRevision(state, activity, currentAttempt(activity).revision);
}

/** The key of an open activity with its recorded input. */
export function recordedKeyOf(state: RunState, activity: OpenActivity): string {
  return keyAtRevision(state, activity, 0);
}

function keyAtRevision(state: RunState, { header, scheduledEventId }: OpenActivity, revision: number): string {
  if (header.key === undefined) {
    return keyAt(state, scheduledEventId, revision);
  }
  return revision === 0 ? header.key : `${header.key}/r${revision}`;
}

/** The idempotency key of a step, open or closed, by its scheduling event. */
export function stepKeyOf(state: RunState, scheduledEventId: number): string {
  return keyAt(state, scheduledEventId, stepOf(state, scheduledEventId)?.revision ?? 0);
}

/** What a reset or a fork copied keeps the key that it had: its effect is still the same one. */
function keyAt(state: RunState, scheduledEventId: number, revision: number): string {
  return activityKey(state.extras?.keyRunIds?.get(scheduledEventId) ?? state.runId, scheduledEventId, revision);
}

/** What is undone: a step of this run or, by its key, of an earlier one. */
function undoneStep(state: RunState, { undoOf }: OpenActivity['header']): { key: string; activityType: string } | undefined {
  if (undoOf?.stepKey !== undefined) {
    return { key: undoOf.stepKey, activityType: undoOf.stepActivityType ?? '' };
  }
  const step = undoOf === undefined ? undefined : stepOf(state, undoOf.scheduledEventId);
  return step === undefined ? undefined : { key: keyAt(state, step.scheduledEventId, step.revision), activityType: step.activityType };
}

/** The envelope of an activity's current attempt. */
export function activityJobOf(state: RunState, activity: OpenActivity): ActivityJob {
  const { scheduledEventId, activityId, activityType, options, header, scheduledAtMs } = activity;
  const { attempt, dispatch, editedInput, supersedesKey, lastFailure, heartbeatDetails } = currentAttempt(activity);
  const step = header.undoOf === undefined ? undefined : undoneStep(state, header);
  const { startToCloseTimeoutMs, heartbeatTimeoutMs, scheduleToStartTimeoutMs } = options;
  const scheduleToCloseDeadline = scheduleToCloseDeadlineMs(activity, state);
  // All fields are named, and none is spread in, which takes ten times as long; what is undefined is not in the job's JSON.
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
    undoOf: step,
    supersedesKey,
    scheduledAtMs,
    startToCloseTimeoutMs,
    heartbeatTimeoutMs,
    scheduleToStartTimeoutMs,
    scheduleToCloseDeadlineMs: scheduleToCloseDeadline,
    lastFailure,
    heartbeatDetails,
    replyTo: outcomesQueueOf(options.taskQueue),
    traceparent: state.traceparent,
    headers: header.headers,
  };
}

function stepOf(state: RunState, scheduledEventId: number): KnownActivity | undefined {
  return state.activities.ofEvent(scheduledEventId);
}
