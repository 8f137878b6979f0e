import type { ClosedWorkflow, ControlApiError } from '@backstitch/protocol';

/** No orchestrator answered at the control URL, or not in time. A call that changes something may have taken effect. */
export class OrchestratorUnreachableError extends Error {
  override readonly name = 'OrchestratorUnreachableError';
  readonly code = 'ORCHESTRATOR_UNREACHABLE';
  constructor(
    readonly url: string,
    /** Nothing was sent: the call has certainly not taken effect. */
    readonly nothingSent: boolean,
    options?: { cause?: unknown },
  ) {
    super(`No orchestrator answers at ${url}.`, options);
  }
}

/**
 * A replica that is stopping refused the call; nothing was done.
 * @internal
 */
export class DeclinedAnswer extends Error {
  override readonly name = 'DeclinedAnswer';
  readonly code = 'DECLINED';
  constructor(readonly error: ControlApiError) {
    super(error.message);
  }
}

/** What answered at the control URL is no orchestrator of this version. */
export class UnexpectedControlAnswerError extends Error {
  override readonly name = 'UnexpectedControlAnswerError';
  readonly code = 'UNEXPECTED_CONTROL_ANSWER';
  constructor(
    readonly url: string,
    readonly status: number,
  ) {
    super(`${url} answered ${status} in a way that the control API does not.`);
  }
}

/** The workflow whose result was awaited did not complete. */
export class WorkflowFailedError extends Error {
  override readonly name = 'WorkflowFailedError';
  readonly code = 'WORKFLOW_FAILED';
  constructor(readonly workflow: ClosedWorkflow) {
    super(`Workflow "${workflow.workflowId}" ended as ${workflow.status}${workflow.failure === undefined ? '' : `: ${workflow.failure.message}`}.`);
  }
}

/** The workflow whose result was awaited is still running. */
export class ResultTimeoutError extends Error {
  override readonly name = 'ResultTimeoutError';
  readonly code = 'RESULT_TIMEOUT';
  constructor(
    readonly workflowId: string,
    readonly timeoutMs: number,
  ) {
    super(`Workflow "${workflowId}" has not closed within ${timeoutMs} ms.`);
  }
}
