import { isClosed, PAUSED_SIGNAL, UNPAUSED_SIGNAL, WorkflowAlreadyClosedError, type JsonObject, type PauseWorkflowRequest } from '@backstitch/protocol';
import type { Turn } from '../run/turn.js';
import { applyRedispatch } from './apply-redispatch.js';
import { DONE, refused, type Answer } from './run-message.js';

/** From here on no workflow task and no attempt begins; what happens is recorded. Pausing what is paused changes nothing. */
export function applyPause(turn: Turn, request: PauseWorkflowRequest): Answer {
  const { state } = turn;
  if (isClosed(state.status)) {
    return refused(new WorkflowAlreadyClosedError(state.workflowId, state.status));
  }
  if (state.extras?.paused === undefined) {
    recordPause(turn, PAUSED_SIGNAL, request);
    for (const activity of state.openActivities.values()) {
      // One that waits is taken back; one that runs is left alone.
      turn.cancelAttempt(activity, false, true);
    }
  }
  return DONE;
}

/** The run goes on: what was withheld is dispatched, and its code is told what happened. */
export function applyUnpause(turn: Turn, request: PauseWorkflowRequest): Answer {
  const { state } = turn;
  if (isClosed(state.status)) {
    return refused(new WorkflowAlreadyClosedError(state.workflowId, state.status));
  }
  if (state.extras?.paused !== undefined) {
    recordPause(turn, UNPAUSED_SIGNAL, request);
    applyRedispatch(turn);
  }
  return DONE;
}

function recordPause(turn: Turn, signalName: string, { reason, identity }: PauseWorkflowRequest): void {
  const by = identity === undefined ? {} : { identity };
  turn.record('WORKFLOW_EXECUTION_SIGNALED', { signalName, input: [{ reason, ...by } as JsonObject], ...by });
}
