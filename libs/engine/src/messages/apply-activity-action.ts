import {
  ACTIVITY_ACTION_SIGNAL,
  ActivityAlreadyClosedError,
  ActivityNotFoundError,
  InvalidRequestError,
  isClosed,
  LIMITS,
  PayloadTooLargeError,
  WorkflowAlreadyClosedError,
  type ActivityActionSignal,
  type ActivityHeartbeatResponse,
  type JsonValue,
} from '@backstitch/protocol';
import { exceedsJsonBytes, jsonBytes } from '../json.js';
import { currentAttempt } from '../run/activity-attempts.js';
import { forNextAttempt } from '../run/attempt-deadlines.js';
import { openIncidentOf, type OpenActivity } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { attemptFailed } from './attempt-failed.js';
import { attemptRuns } from './attempt-runs.js';
import { cancelActivity, completeActivity, failActivity, type LastAttempt } from './close-activity.js';
import { DONE, refused, type ActivityActionMessage, type Answer } from './run-message.js';

/**
 * Does to an activity what an operator, or whoever completes it from outside, asks for. An operator's action enters the history first, as a reserved signal with
 * its reason. Refused where there is no such activity, it is closed, another attempt is current (a late `complete` counts), or a person has to decide about it by
 * its incident.
 */
export function applyActivityAction(turn: Turn, message: ActivityActionMessage): Answer {
  const { state } = turn;
  const { activityId, action, request } = message;
  const known = state.activities.ofId(activityId);
  if (known === undefined) {
    return { status: 'behind' };
  }
  if (isClosed(state.status)) {
    return refused(new WorkflowAlreadyClosedError(state.workflowId, state.status));
  }
  const activity = state.openActivities.get(known.scheduledEventId);
  if (activity === undefined) {
    return refused(new ActivityAlreadyClosedError(state.workflowId, activityId, 'CLOSED'));
  }
  const objection = objectionTo(turn, activity, message);
  if (objection !== undefined) {
    return refused(objection);
  }
  if (request.reason !== undefined) {
    audit(turn, activity, message, request.reason);
  }
  const attempts = currentAttempt(activity);
  const last: LastAttempt = {
    attempt: request.attempt ?? attempts.attempt,
    startedAtMs: attempts.running?.startedAtMs ?? attempts.lastStartedAtMs ?? turn.nowMs,
    ...(request.identity === undefined ? {} : { identity: request.identity }),
  };
  switch (action) {
    case 'pause':
      pause(turn, activity, request.reason ?? '', request.identity);
      return DONE;
    case 'unpause':
      unpause(turn, activity);
      return DONE;
    case 'retry':
      retryNow(turn, activity);
      return DONE;
    case 'complete':
      endAttempt(turn, activity);
      turn.resolveIncidentOf(activity, 'The activity was completed from outside.');
      completeActivity(turn, activity, request.result ?? null, last);
      return DONE;
    case 'fail':
      fail(turn, activity, message, last);
      return DONE;
    case 'cancel':
      endAttempt(turn, activity);
      turn.resolveIncidentOf(activity, 'The activity was cancelled from outside.');
      if (activity.cancelRequested) {
        cancelActivity(turn, activity, request.details === undefined ? undefined : [request.details], last);
      } else {
        failActivity(turn, activity, { message: 'Cancelled from outside', canceledFailureInfo: detailsOf(request.details) }, 'CANCEL_REQUESTED', last);
      }
      return DONE;
    case 'heartbeat': {
      const { identity, details } = request;
      attemptRuns(turn, activity, { attempt: attempts.attempt, ...(identity === undefined ? {} : { identity }), ...(details === undefined ? {} : { heartbeatDetails: details }) });
      const value: ActivityHeartbeatResponse = { cancelRequested: activity.cancelRequested, paused: attempts.paused !== undefined };
      return { status: 'done', value };
    }
    default: {
      const never: never = action;
      return never;
    }
  }
}

/** The error for a caller whose activity does not exist, once the run was loaded afresh. */
export function activityNotFound(workflowId: string, activityId: string): ActivityNotFoundError {
  return new ActivityNotFoundError(workflowId, activityId);
}

function objectionTo(turn: Turn, activity: OpenActivity, { activityId, action, request }: ActivityActionMessage): Error | undefined {
  const { state } = turn;
  const isOperators = action === 'pause' || action === 'unpause' || action === 'retry';
  if (isOperators && (request.reason ?? '').trim() === '') {
    return new InvalidRequestError('/reason', 'must not be empty');
  }
  if (action === 'fail' && request.failure === undefined) {
    return new InvalidRequestError('/failure', 'is required');
  }
  for (const [what, payload] of [['The result', request.result], ['The details', request.details], ['The failure', request.failure]] as const) {
    if (exceedsJsonBytes(payload, LIMITS.payloadBytesMax)) {
      return new PayloadTooLargeError(`${what} of activity "${activity.activityType}"`, jsonBytes(payload), LIMITS.payloadBytesMax);
    }
  }
  const { attempt } = currentAttempt(activity);
  if (request.attempt !== undefined && (request.attempt > attempt || (request.attempt < attempt && action !== 'complete'))) {
    return new ActivityNotFoundError(state.workflowId, activityId);
  }
  if (openIncidentOf(state, activity.scheduledEventId, 'UNDO_FAILED') !== undefined) {
    return new InvalidRequestError('/action', 'the undo has an open incident: resolve that');
  }
  return undefined;
}

function audit(turn: Turn, activity: OpenActivity, { activityId, action, request }: ActivityActionMessage, reason: string): void {
  const { scheduledEventId } = activity;
  const signal: ActivityActionSignal = { action, activityId, scheduledEventId, reason, identity: request.identity ?? 'unknown' };
  turn.record('WORKFLOW_EXECUTION_SIGNALED', { signalName: ACTIVITY_ACTION_SIGNAL, input: [signal as unknown as JsonValue], identity: signal.identity });
}

/** An attempt that runs goes on; one that waits is taken off its queue. */
function pause(turn: Turn, activity: OpenActivity, reason: string, identity: string | undefined): void {
  const attempts = currentAttempt(activity);
  if (attempts.paused === undefined) {
    turn.setAttempts(activity, { ...attempts, paused: { reason, ...(identity === undefined ? {} : { identity }), sinceMs: turn.nowMs } });
    turn.cancelAttempt(activity, false, true);
  }
}

function unpause(turn: Turn, activity: OpenActivity): void {
  const { paused, ...attempts } = currentAttempt(activity);
  if (paused === undefined) {
    return;
  }
  const { running, nextAttemptAtMs = turn.nowMs, dispatch } = attempts;
  if (running !== undefined) {
    turn.setAttempts(activity, attempts);
    return;
  }
  // Its wait for a worker begins now.
  turn.setAttempts(activity, { ...attempts, dispatch: dispatch + 1, nextAttemptAtMs: Math.max(nextAttemptAtMs, turn.nowMs) });
  turn.dispatch(activity, Math.max(0, nextAttemptAtMs - turn.nowMs));
}

/** An attempt that backs off begins now; one that waits or runs is given up for a new one, which the inbox keeps apart from it. */
function retryNow(turn: Turn, activity: OpenActivity): void {
  const attempts = currentAttempt(activity);
  const { nowMs } = turn;
  const isBackingOff = (attempts.nextAttemptAtMs ?? 0) > nowMs;
  endAttempt(turn, activity);
  turn.setAttempts(activity, {
    ...forNextAttempt(attempts),
    attempt: isBackingOff ? attempts.attempt : attempts.attempt + 1,
    dispatch: isBackingOff ? attempts.dispatch + 1 : 1,
    nextAttemptAtMs: nowMs,
  });
  if (attempts.paused === undefined) {
    turn.dispatch(activity, 0);
  }
}

function fail(turn: Turn, activity: OpenActivity, { request }: ActivityActionMessage, last: LastAttempt): void {
  const failure = request.failure ?? { message: 'Failed from outside' };
  endAttempt(turn, activity);
  if (request.reason === undefined) {
    // What its worker would have said: it is tried again as its policy says.
    attemptFailed(turn, activity, { ...last, finishedAtMs: turn.nowMs, ...(request.details === undefined ? {} : { heartbeatDetails: request.details }) }, failure);
    return;
  }
  turn.resolveIncidentOf(activity, 'The activity was failed by an operator.');
  failActivity(turn, activity, failure, 'NON_RETRYABLE_FAILURE', last);
}

/** Whoever works on it, or would, is told that it is of no use any more. */
function endAttempt(turn: Turn, activity: OpenActivity): void {
  if (currentAttempt(activity).running?.completesOutside !== true) {
    turn.cancelAttempt(activity, false);
  }
}

function detailsOf(details: JsonValue | undefined): { details?: JsonValue[] } {
  return details === undefined ? {} : { details: [details] };
}
