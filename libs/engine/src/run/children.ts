import type {
  ActivityResolution,
  ChildWorkflowFailureInfo,
  ChildWorkflowStartResolution,
  Failure,
  HistoryEvent,
  RetryState,
} from '@backstitch/protocol';
import type { ChildClosing, RunCall } from '../ports/run-messenger.js';
import { derivedRunId } from './derived-run-id.js';
import { extrasOf, originRunIdOf, type Child } from './run-extras.js';
import type { RunState } from './run-state.js';

/** Events that say how a child ended. */
export type ChildClosedEvent = HistoryEvent<
  | 'CHILD_WORKFLOW_EXECUTION_COMPLETED'
  | 'CHILD_WORKFLOW_EXECUTION_FAILED'
  | 'CHILD_WORKFLOW_EXECUTION_CANCELED'
  | 'CHILD_WORKFLOW_EXECUTION_TIMED_OUT'
  | 'CHILD_WORKFLOW_EXECUTION_TERMINATED'
>;

export function childOfEvent(state: RunState, initiatedEventId: number): Child | undefined {
  return state.extras?.children?.get(state.extras.childSeqs?.get(initiatedEventId) ?? 0);
}

export function initiateChild(state: RunState, initiated: HistoryEvent<'START_CHILD_WORKFLOW_EXECUTION_INITIATED'>): void {
  const extras = extrasOf(state);
  const { eventId } = initiated;
  const { seq } = initiated.attributes;
  (extras.children ??= new Map<number, Child>()).set(seq, {
    initiated,
    runId: derivedRunId(originRunIdOf(state), eventId),
    isClosed: false,
    isGivenUp: false,
  });
  (extras.childSeqs ??= new Map<number, number>()).set(eventId, seq);
}

/** TRY_CANCEL: from the request on, nobody waits for the child. */
export function noteChildCancelRequested(state: RunState, workflowId: string): void {
  for (const child of state.extras?.children?.values() ?? []) {
    const { attributes } = child.initiated;
    if (!child.isClosed && attributes.workflowId === workflowId && attributes.cancellationType === 'TRY_CANCEL') {
      child.isGivenUp = true;
    }
  }
}

/** The call that starts a child, or finds it started. */
export function startChildCall(state: RunState, { initiated, runId }: Child): RunCall {
  const { seq: _seq, workflowId, workflowType, input, header, workflowTaskCompletedEventId: _task, ...options } = initiated.attributes;
  const sender = { workflowId: state.workflowId, runId: state.runId };
  return {
    type: 'startChild',
    sender,
    initiatedEventId: initiated.eventId,
    workflowId,
    runId,
    workflowType,
    args: input,
    options,
    ...(header === undefined ? {} : { headers: header }),
    root: state.extras?.started?.rootWorkflowExecution ?? sender,
    ...(state.traceparent === undefined ? {} : { traceparent: state.traceparent }),
    ...(state.extras?.started?.buildId === undefined ? {} : { pinnedBuildId: state.extras.started.buildId }),
  };
}

/** What is to be asked again about a child that has not closed. */
export function resumeChildCall(state: RunState, child: Child): RunCall {
  return child.startedEventId === undefined
    ? startChildCall(state, child)
    : {
        type: 'askChild',
        sender: { workflowId: state.workflowId, runId: state.runId },
        initiatedEventId: child.initiated.eventId,
        workflowId: child.initiated.attributes.workflowId,
        runId: child.runId,
      };
}

/** What a parent that closed does to its children. */
export function parentCloseCalls(state: RunState): RunCall[] {
  const calls: RunCall[] = [];
  for (const child of state.extras?.children?.values() ?? []) {
    const { parentClosePolicy } = child.initiated.attributes;
    if (child.isClosed || parentClosePolicy === 'ABANDON') {
      if (!child.isClosed && child.startedEventId === undefined) {
        // It was to be started, whatever becomes of its parent.
        calls.push(startChildCall(state, child));
      }
      continue;
    }
    calls.push(closePolicyCall(state, child));
  }
  return calls;
}

/** Ends a child whose parent closed. A child whose start is still on its way is ended when the answer comes. */
export function closePolicyCall(state: RunState, child: Child): RunCall {
  const { workflowId, parentClosePolicy } = child.initiated.attributes;
  const call = {
    sender: { workflowId: state.workflowId, runId: state.runId },
    initiatedEventId: child.initiated.eventId,
    workflowId,
    childWorkflowOnly: true,
  } as const;
  const reason = 'The parent workflow was closed';
  if (parentClosePolicy !== 'TERMINATE') {
    return { ...call, type: 'cancel', reason };
  }
  // Who terminated the parent has decided what becomes of what was done; otherwise nobody has, and nothing stays half done.
  const rollsBack = state.status !== 'TERMINATED' || state.extras?.rollsBack === true;
  return { ...call, type: 'terminate', reason, ...(rollsBack ? { rollback: true as const } : {}) };
}

/** How a run ended, as its parent's history says it. */
export function closingOf(state: RunState): ChildClosing | undefined {
  switch (state.status) {
    case 'COMPLETED':
      return { status: 'COMPLETED', result: state.result ?? null };
    case 'FAILED':
      return { status: 'FAILED', failure: state.failure ?? { message: 'unknown' }, retryState: state.extras?.retryState ?? 'RETRY_POLICY_NOT_SET' };
    case 'CANCELED':
      return { status: 'CANCELED' };
    case 'TIMED_OUT':
      return { status: 'TIMED_OUT', retryState: state.extras?.retryState ?? 'TIMEOUT' };
    case 'TERMINATED':
      return { status: 'TERMINATED' };
    case 'RUNNING':
    case 'CONTINUED_AS_NEW':
      return undefined;
    default: {
      const never: never = state.status;
      return never;
    }
  }
}

export function startResolution(child: Child, event: HistoryEvent<'CHILD_WORKFLOW_EXECUTION_STARTED' | 'START_CHILD_WORKFLOW_EXECUTION_FAILED'>): ChildWorkflowStartResolution {
  const { workflowId, workflowType } = child.initiated.attributes;
  return event.eventType === 'CHILD_WORKFLOW_EXECUTION_STARTED'
    ? { status: 'started', runId: event.attributes.workflowExecution.runId }
    : { status: 'failed', cause: event.attributes.cause, workflowId, workflowType };
}

export function closedResolution(child: Child, event: ChildClosedEvent): ActivityResolution {
  switch (event.eventType) {
    case 'CHILD_WORKFLOW_EXECUTION_COMPLETED':
      return { status: 'completed', result: event.attributes.result };
    case 'CHILD_WORKFLOW_EXECUTION_FAILED':
      return { status: 'failed', failure: childFailure(child, event, 'failed', event.attributes.retryState, event.attributes.failure) };
    case 'CHILD_WORKFLOW_EXECUTION_CANCELED': {
      const { details } = event.attributes;
      const cause: Failure = { message: 'Workflow canceled', canceledFailureInfo: details === undefined ? {} : { details } };
      return { status: 'canceled', failure: childFailure(child, event, 'cancelled', 'NON_RETRYABLE_FAILURE', cause) };
    }
    case 'CHILD_WORKFLOW_EXECUTION_TIMED_OUT': {
      const cause: Failure = { message: 'Workflow timed out', timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } };
      return { status: 'failed', failure: childFailure(child, event, 'timed out', event.attributes.retryState, cause) };
    }
    case 'CHILD_WORKFLOW_EXECUTION_TERMINATED':
      return { status: 'failed', failure: childFailure(child, event, 'terminated', 'NON_RETRYABLE_FAILURE', { message: 'Workflow terminated', terminatedFailureInfo: {} }) };
    default: {
      const never: never = event;
      return never;
    }
  }
}

function childFailure(child: Child, event: ChildClosedEvent, how: string, retryState: RetryState, cause: Failure): Failure {
  const { workflowId, workflowType } = child.initiated.attributes;
  const childWorkflowExecutionFailureInfo: ChildWorkflowFailureInfo = {
    namespace: 'default',
    workflowId,
    runId: event.attributes.workflowExecution.runId,
    workflowType,
    initiatedEventId: child.initiated.eventId,
    startedEventId: child.startedEventId ?? 0,
    retryState,
  };
  return { message: `Child Workflow execution ${how}`, cause, childWorkflowExecutionFailureInfo };
}
