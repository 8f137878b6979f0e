import { openCallsOf } from '../run/run-extras.js';
import type { Turn } from '../run/turn.js';
import { applyActivityAction } from './apply-activity-action.js';
import { applyAfterCloseDone, applyCallAnswered, applyChildClosed, applyLocalActivityEnded, applyResumeCalls } from './apply-call-messages.js';
import { applyCancel, applyCancelledBeforeStart, applyTerminate } from './apply-cancellation.js';
import { applyIncidentResolution } from './apply-incident-resolution.js';
import { applyOutcome } from './apply-outcome.js';
import { applyPause, applyUnpause } from './apply-pause.js';
import { applyRedispatch } from './apply-redispatch.js';
import { applyServiceNote } from './apply-service-note.js';
import { applySignal } from './apply-signal.js';
import { applySupersede, applyWorkflowTimeout } from './apply-end.js';
import { applyWake } from './apply-wake.js';
import { DONE, type Answer, type ChangeMessage } from './run-message.js';

/** Whoever sent the message saw in the store what the copy in memory knows nothing of: another replica acted on the run. */
const BEHIND: Answer = { status: 'behind' };

/**
 * Applies one message to a run. A run that is held takes messages too: they are recorded, and workflow code sees them later.
 * @param isFresh the run was just read from the store
 */
export function applyMessage(turn: Turn, message: ChangeMessage, isFresh: boolean): Answer {
  switch (message.type) {
    case 'signal':
      return applySignal(turn, message);
    case 'cancel':
      return applyCancel(turn, message);
    case 'terminate':
      return applyTerminate(turn, message);
    case 'outcome':
      return applyOutcome(turn, message.outcome, isFresh);
    case 'resolveIncident':
      return applyIncidentResolution(turn, message);
    case 'activityAction':
      return applyActivityAction(turn, message);
    case 'cancelledBeforeStart':
      return applyCancelledBeforeStart(turn, message.scheduledEventId);
    case 'pause':
      return applyPause(turn, message);
    case 'unpause':
      return applyUnpause(turn, message);
    case 'supersede':
      return applySupersede(turn, message);
    case 'childClosed':
      return applyChildClosed(turn, message);
    case 'callAnswered':
      return applyCallAnswered(turn, message);
    case 'localActivityEnded':
      return applyLocalActivityEnded(turn, message.end);
    case 'afterCloseDone':
      return applyAfterCloseDone(turn);
    case 'serviceNote':
      applyServiceNote(turn, message.note);
      return DONE;
    case 'wake':
      if (!isFresh && isUntouched(turn) && !isDue(turn)) {
        return BEHIND;
      }
      applyWorkflowTimeout(turn);
      applyWake(turn);
      return DONE;
    case 'redispatch':
      if (!isFresh && isUntouched(turn) && !hasOpenWork(turn)) {
        return BEHIND;
      }
      applyRedispatch(turn);
      applyResumeCalls(turn);
      return DONE;
    case 'resumeCalls':
      if (!isFresh && isUntouched(turn) && !hasOpenCalls(turn)) {
        return BEHIND;
      }
      applyResumeCalls(turn);
      return DONE;
    default: {
      const never: never = message;
      return never;
    }
  }
}

/** Nothing will be written that the fence could compare. */
function isUntouched({ isNew, events }: Turn): boolean {
  return !isNew && events.length === 0;
}

/** Whether the run wants to be woken by now, as far as this copy knows. The store keeps whole milliseconds. */
function isDue({ state, nowMs }: Turn): boolean {
  return Math.floor(state.committedWakeAtMs ?? Infinity) <= nowMs;
}

function hasOpenWork(turn: Turn): boolean {
  return turn.state.openActivities.size > 0 || hasOpenCalls(turn);
}

function hasOpenCalls({ state }: Turn): boolean {
  return (openCallsOf(state) ?? 0) > 0;
}
