import type { ClosedWorkflow } from '@backstitch/protocol';
import { CancelledFailure, failureToError, TerminatedFailure, TimeoutFailure } from '@backstitch/protocol/failures';
import { WorkflowFailedError } from './errors.js';

/** The error for whoever waited for the result of a run that ended without one. */
export function workflowFailedError(workflow: ClosedWorkflow): WorkflowFailedError {
  const { status, failure } = workflow;
  const cause = failure === undefined ? undefined : failureToError(failure);
  switch (status) {
    case 'FAILED':
      return new WorkflowFailedError('Workflow execution failed', cause, failure?.activityFailureInfo?.retryState ?? 'RETRY_POLICY_NOT_SET', workflow);
    case 'CANCELED':
      return new WorkflowFailedError('Workflow execution cancelled', cause instanceof CancelledFailure ? cause : new CancelledFailure('Workflow canceled', [], cause), 'NON_RETRYABLE_FAILURE', workflow);
    case 'TERMINATED':
      return new WorkflowFailedError(failure?.message ?? 'Workflow execution terminated', cause ?? new TerminatedFailure('Workflow execution terminated'), 'NON_RETRYABLE_FAILURE', workflow);
    case 'TIMED_OUT':
      return new WorkflowFailedError('Workflow execution timed out', cause ?? new TimeoutFailure('Workflow execution timed out', undefined, 'START_TO_CLOSE'), 'TIMEOUT', workflow);
    case 'RUNNING':
    case 'COMPLETED':
    case 'CONTINUED_AS_NEW':
      return new WorkflowFailedError(`Workflow "${workflow.workflowId}" ended as ${status}`, cause, 'IN_PROGRESS', workflow);
    default:
      return status satisfies never;
  }
}
