import type { Failure } from '@backstitch/protocol';
import type { RunCall } from '../ports/run-messenger.js';
import type { ExternalCall } from './run-extras.js';
import type { RunState } from './run-state.js';

/** The call that delivers a signal or a cancellation to another run. */
export function externalRunCall(state: RunState, event: ExternalCall): RunCall {
  const { workflowId, runId } = event.attributes.workflowExecution;
  const common = {
    sender: { workflowId: state.workflowId, runId: state.runId },
    initiatedEventId: event.eventId,
    workflowId,
    ...(runId === undefined ? {} : { runId }),
    ...(event.attributes.childWorkflowOnly === true ? { childWorkflowOnly: true } : {}),
  };
  if (event.eventType === 'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED') {
    const { signalName, input, header } = event.attributes;
    return { type: 'signal', ...common, signalName, args: input, ...(header === undefined ? {} : { headers: header }) };
  }
  const { reason } = event.attributes;
  return { type: 'cancel', ...common, ...(reason === undefined ? {} : { reason }) };
}

/** What workflow code gets whose external signal or cancellation found nobody. */
export function externalCallFailure(what: 'signal' | 'cancel', workflowId: string): Failure {
  return {
    message: `Could not ${what} workflow "${workflowId}": it was not found`,
    applicationFailureInfo: { type: 'ExternalWorkflowExecutionNotFound', nonRetryable: true },
  };
}
