import { InvalidRequestError, isClosed, WorkflowAlreadyClosedError } from '@backstitch/protocol';
import { holdingIncident } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { applyCancel, applyCancelledBeforeStart, applyTerminate } from './apply-cancellation.js';
import { applyIncidentResolution } from './apply-incident-resolution.js';
import { applyOutcome } from './apply-outcome.js';
import { applyRedispatch } from './apply-redispatch.js';
import { applyWake } from './apply-wake.js';
import { DONE, refused, type Answer, type ChangeMessage } from './run-message.js';

/**
 * Applies one message to a run. A run that is held takes messages too: they are recorded, and workflow code sees them later.
 * @param isFresh the run was just read from the store
 */
export function applyMessage(turn: Turn, message: ChangeMessage, isFresh: boolean): Answer {
  switch (message.type) {
    case 'signal':
      return applySignal(turn, message);
    case 'cancel':
      return applyCancel(turn, message.reason, message.identity);
    case 'terminate':
      return applyTerminate(turn, message.reason, message.identity);
    case 'outcome':
      return applyOutcome(turn, message.outcome, isFresh);
    case 'resolveIncident':
      return applyIncidentResolution(turn, message);
    case 'cancelledBeforeStart':
      return applyCancelledBeforeStart(turn, message.scheduledEventId);
    case 'wake':
      applyWake(turn);
      return DONE;
    case 'redispatch':
      applyRedispatch(turn);
      return DONE;
    default: {
      const never: never = message;
      return never;
    }
  }
}

function applySignal(turn: Turn, { signalName, args, identity }: Extract<ChangeMessage, { type: 'signal' }>): Answer {
  const { state } = turn;
  if (isClosed(state.status)) {
    return refused(new WorkflowAlreadyClosedError(state.workflowId, state.status));
  }
  if (holdingIncident(state)?.kind === 'HISTORY_LIMIT') {
    return refused(new InvalidRequestError('', `the history of workflow "${state.workflowId}" is at its limit and takes no signal`));
  }
  turn.record('WORKFLOW_EXECUTION_SIGNALED', { signalName, input: args, ...(identity === undefined ? {} : { identity }) });
  return DONE;
}
