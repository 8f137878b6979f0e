import type { ClosedWorkflow, ControlApiError, RetryState, WorkflowExecutionStatus } from '@backstitch/protocol';

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

/** The deadline that the caller set is over. What was sent may have taken effect. */
export class CallDeadlineExceededError extends Error {
  override readonly name = 'CallDeadlineExceededError';
  readonly code = 'CALL_DEADLINE_EXCEEDED';
  constructor(options?: { cause?: unknown }) {
    super('The deadline of the call is over.', options);
  }
}

/** The signal that the caller set was aborted. What was sent may have taken effect. */
export class CallCancelledError extends Error {
  override readonly name = 'CallCancelledError';
  readonly code = 'CALL_CANCELLED';
  constructor(options?: { cause?: unknown }) {
    super('The caller gave the call up.', options);
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

/** The workflow whose result was awaited did not complete. `cause` says why: what it threw, or that it was cancelled, terminated or timed out. */
export class WorkflowFailedError extends Error {
  override readonly name = 'WorkflowFailedError';
  readonly code = 'WORKFLOW_FAILED';
  constructor(
    message: string,
    override readonly cause: Error | undefined,
    readonly retryState: RetryState = 'IN_PROGRESS',
    /** The run as the orchestrator knows it. */
    readonly workflow?: ClosedWorkflow,
  ) {
    super(message);
  }
}

/** The run whose result was awaited ended by going on as another run, which was not to be followed. */
export class WorkflowContinuedAsNewError extends Error {
  override readonly name = 'WorkflowContinuedAsNewError';
  readonly code = 'WORKFLOW_CONTINUED_AS_NEW';
  constructor(
    message: string,
    readonly newExecutionRunId: string,
  ) {
    super(message);
  }
}

/** An update was rejected by its validator, or its handler failed; `cause` is what was thrown. */
export class WorkflowUpdateFailedError extends Error {
  override readonly name = 'WorkflowUpdateFailedError';
  readonly code = 'WORKFLOW_UPDATE_FAILED';
  constructor(
    message: string,
    override readonly cause: Error | undefined,
  ) {
    super(message);
  }
}

/** An update did not come as far as was waited for in time. It may have been accepted. */
export class WorkflowUpdateRPCTimeoutOrCancelledError extends Error {
  override readonly name = 'WorkflowUpdateRPCTimeoutOrCancelledError';
  readonly code = 'WORKFLOW_UPDATE_TIMEOUT';
}

/** The query was not asked, since the workflow is in a state that the query's condition excludes. */
export class QueryRejectedError extends Error {
  override readonly name = 'QueryRejectedError';
  readonly code = 'QUERY_REJECTED';
  constructor(readonly status: WorkflowExecutionStatus) {
    super('Query rejected');
  }
}

/** A schedule of that id exists. */
export class ScheduleAlreadyRunning extends Error {
  override readonly name = 'ScheduleAlreadyRunning';
  readonly code = 'SCHEDULE_ALREADY_RUNNING';
  constructor(
    message: string,
    readonly scheduleId: string,
  ) {
    super(message);
  }
}

/** The orchestrator cannot be reached, or refused a call for a reason that has no class of its own; `cause` tells. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code = 'SERVICE';
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
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
