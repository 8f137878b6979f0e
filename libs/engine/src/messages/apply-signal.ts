import { InvalidRequestError, isClosed, WorkflowAlreadyClosedError } from '@backstitch/protocol';
import { signalKey } from '../run/note-signals.js';
import { holdingIncident } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { DONE, refused, type Answer, type SignalMessage } from './run-message.js';

/** Records a signal, unless it was recorded before. */
export function applySignal(turn: Turn, { signalName, args, identity, headers, requestId, origin }: SignalMessage): Answer {
  const { state } = turn;
  const key = signalKey(requestId, origin?.sender.runId, origin?.initiatedEventId);
  if (key !== undefined && state.extras?.signalKeys?.has(key) === true) {
    return DONE;
  }
  if (isClosed(state.status)) {
    return refused(new WorkflowAlreadyClosedError(state.workflowId, state.status));
  }
  if (holdingIncident(state)?.kind === 'HISTORY_LIMIT') {
    return refused(new InvalidRequestError('', `the history of workflow "${state.workflowId}" is at its limit and takes no signal`));
  }
  turn.record('WORKFLOW_EXECUTION_SIGNALED', {
    signalName,
    input: args,
    ...(identity === undefined ? {} : { identity }),
    ...(headers === undefined ? {} : { header: headers }),
    ...(origin === undefined ? {} : { externalWorkflowExecution: origin.sender, externalInitiatedEventId: origin.initiatedEventId }),
    ...(requestId === undefined ? {} : { requestId }),
  });
  return DONE;
}
