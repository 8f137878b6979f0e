import {
  FAILURE_TYPE,
  IncidentAlreadyResolvedError,
  IncidentNotFoundError,
  InvalidRequestError,
  isClosed,
  LIMITS,
  PayloadTooLargeError,
  WorkflowAlreadyClosedError,
  type Incident,
  type IncidentAction,
  type JsonValue,
  type ResolveIncidentRequest,
} from '@backstitch/protocol';
import { plainFailure } from '../failures.js';
import { jsonBytes } from '../json.js';
import { currentAttempt, recordedKeyOf } from '../run/activity-attempts.js';
import { forNextAttempt } from '../run/attempt-deadlines.js';
import { isHolding, isOpen, type OpenActivity } from '../run/run-state.js';
import { firstEventIdOf } from '../run/wake-up.js';
import type { Turn } from '../run/turn.js';
import { applyTerminate } from './apply-cancellation.js';
import { completeActivity, failActivity } from './close-activity.js';
import { DONE, refused, type Answer, type ResolveIncidentMessage } from './run-message.js';

/** Does what a person decided about an incident; the decision and its reason enter the history first. */
export function applyIncidentResolution(turn: Turn, { incidentNumber, action, request }: ResolveIncidentMessage): Answer {
  const { state } = turn;
  const incident = state.incidents.find((candidate) => candidate.incidentNumber === incidentNumber);
  if (incident === undefined) {
    return { status: 'behind' };
  }
  if (!isOpen(incident)) {
    return refused(new IncidentAlreadyResolvedError(state.workflowId, incidentNumber));
  }
  if (isClosed(state.status)) {
    return refused(new WorkflowAlreadyClosedError(state.workflowId, state.status));
  }
  const activity = activityOf(turn, incident);
  const objection = objectionTo(incident, action, request, activity);
  if (objection !== undefined) {
    return refused(objection);
  }
  const { reason, identity = 'unknown', value } = request;
  turn.resolveIncident(incident, { action, reason, identity, ...(value === undefined || action === 'retry' || action === 'fail' || action === 'rollback' ? {} : { value }) });
  if (action === 'rollback') {
    return applyTerminate(turn, { reason, identity, rollback: true });
  }
  if (activity !== undefined) {
    resolveActivity(turn, activity, incident, action, request);
  }
  // A run that was held is replayed with the present code by the batch, which finds it held no more.
  return DONE;
}

/** What a person may take note of though no activity stands for it just now: a step waits to be begun again, or the run waits for its build. */
const NEEDS_NO_ACTIVITY: ReadonlySet<Incident['kind']> = new Set<Incident['kind']>(['STEP_DELAYED', 'BUILD_NOT_SERVED']);

/** The error for a caller whose incident does not exist, once the run was loaded afresh. */
export function incidentNotFound(workflowId: string, incidentNumber: number): IncidentNotFoundError {
  return new IncidentNotFoundError(workflowId, incidentNumber);
}

/** The open activity that an incident is about: of a step beyond its pivot, the one that it was begun again as. */
function activityOf({ state }: Turn, { scheduledEventId = 0 }: Incident): OpenActivity | undefined {
  return state.openActivities.get(scheduledEventId) ?? [...state.openActivities.values()].find((activity) => firstEventIdOf(state, activity) === scheduledEventId);
}

function objectionTo(
  incident: Incident,
  action: IncidentAction,
  { reason, value }: ResolveIncidentRequest,
  activity: OpenActivity | undefined,
): Error | undefined {
  if (typeof reason !== 'string' || reason.trim() === '') {
    return new InvalidRequestError('/reason', 'must not be empty');
  }
  const bytes = jsonBytes(value);
  if (bytes > LIMITS.payloadBytesMax) {
    return new PayloadTooLargeError('The value', bytes, LIMITS.payloadBytesMax);
  }
  if (incident.kind === 'PIVOT_IN_DOUBT' && action !== 'retry') {
    // The run is a rollback itself: one of it would end it and undo nothing.
    return new InvalidRequestError('/action', `an incident of kind ${incident.kind} can only be retried; terminate the run if its pivot has happened`);
  }
  if (isHolding(incident)) {
    return action === 'retry' || action === 'rollback' ? undefined : new InvalidRequestError('/action', `an incident of kind ${incident.kind} can only be retried, or rolled back`);
  }
  if (action === 'rollback') {
    return new InvalidRequestError('/action', `an incident of kind ${incident.kind} does not hold the run: terminate it with rollback instead`);
  }
  if (activity === undefined && NEEDS_NO_ACTIVITY.has(incident.kind)) {
    return action === 'skip' ? undefined : new InvalidRequestError('/action', `an incident of kind ${incident.kind} without an open activity can only be skipped, which takes note of it`);
  }
  if (activity === undefined) {
    return new InvalidRequestError('', `the activity of incident ${incident.incidentNumber} is closed`);
  }
  return action === 'edit' ? objectionToEdit(value, incident) : undefined;
}

function objectionToEdit(value: JsonValue | undefined, incident: Incident): Error | undefined {
  if (value === undefined) {
    return new InvalidRequestError('/value', 'is required: the new input');
  }
  if (incident.failure?.applicationFailureInfo?.type === FAILURE_TYPE.effectAlreadyHappened) {
    return new InvalidRequestError('/action', 'the effect of the earlier input has happened; the input cannot be edited any more');
  }
  return undefined;
}

function resolveActivity(turn: Turn, activity: OpenActivity, incident: Incident, action: IncidentAction, request: ResolveIncidentRequest): void {
  const attempts = currentAttempt(activity);
  const isUnderWay = incident.kind !== 'UNDO_FAILED';
  switch (action) {
    case 'retry':
    case 'edit': {
      const isBackingOff = isUnderWay && (attempts.nextAttemptAtMs ?? 0) > turn.nowMs;
      if (isBackingOff || incident.kind === 'QUEUE_NOT_SERVED' || (isUnderWay && action === 'edit')) {
        turn.cancelAttempt(activity, false);
      }
      turn.setAttempts(activity, {
        ...forNextAttempt(attempts),
        attempt: attempts.attempt + 1,
        dispatch: 1,
        ...(action === 'edit' ? editOf(turn, activity, request.value ?? null) : {}),
      });
      turn.dispatch(activity, 0);
      return;
    }
    case 'skip':
    case 'fail': {
      if (isUnderWay) {
        turn.cancelAttempt(activity, false);
      }
      // Its queue may not be served and it may be late, both at once.
      turn.resolveIncidentOf(activity, 'Another incident about the activity was resolved, and ended it.');
      const last = { attempt: attempts.attempt, startedAtMs: attempts.lastStartedAtMs ?? turn.nowMs, identity: request.identity };
      if (action === 'skip') {
        completeActivity(turn, activity, request.value ?? null, last);
      } else {
        failActivity(turn, activity, failureFor(incident, activity), 'NON_RETRYABLE_FAILURE', last);
      }
      return;
    }
    case 'rollback':
      // Concerns the whole run.
      return;
    default: {
      const never: never = action;
      return never;
    }
  }
}

/**
 * The new input, under the key of revision 1; the recorded input's key gets a tombstone first (law L7). Every later edit keeps both keys: of the two
 * at most one ever takes effect, and the inbox refuses an input that is not the one which took effect under the second.
 */
function editOf(turn: Turn, activity: OpenActivity, value: JsonValue): { revision: number; supersedesKey: string; editedInput: JsonValue[] } {
  return { revision: 1, supersedesKey: recordedKeyOf(turn.state, activity), editedInput: [value] };
}

function failureFor(incident: Incident, activity: OpenActivity) {
  return incident.failure ?? currentAttempt(activity).lastFailure ?? plainFailure(`An operator gave the ${activity.header.undoOf === undefined ? 'activity' : 'undo'} up`);
}

