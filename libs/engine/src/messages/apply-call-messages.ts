import { isClosed, type WorkflowExecution } from '@backstitch/protocol';
import type { ChildClosing, RunCallAnswer } from '../ports/run-messenger.js';
import { callsAfterCloseOf } from '../run/chain-end.js';
import { childOfEvent, closePolicyCall, resumeChildCall } from '../run/children.js';
import { externalRunCall } from '../run/external-calls.js';
import { extrasOf, type Child, type LocalActivityEnd } from '../run/run-extras.js';
import type { Turn } from '../run/turn.js';
import { DONE, type Answer, type CallAnsweredMessage, type ChildClosedMessage } from './run-message.js';

/** Takes in what came back of a call to another run. What was known before changes nothing. */
export function applyCallAnswered(turn: Turn, { call, answer }: CallAnsweredMessage): Answer {
  switch (call.type) {
    case 'startChild':
      childAnswered(turn, call.initiatedEventId, answer);
      return DONE;
    case 'askChild': {
      const child = childOfEvent(turn.state, call.initiatedEventId);
      if (child !== undefined && answer.status === 'closed') {
        childClosed(turn, child, answer.execution, answer.closing);
      } else if (child !== undefined && answer.status === 'failed') {
        // It began, and is gone: nobody will ever know how it ended.
        childClosed(turn, child, { workflowId: call.workflowId, runId: call.runId }, { status: 'TERMINATED' });
      }
      return DONE;
    }
    case 'signal':
    case 'cancel':
      externalAnswered(turn, call.initiatedEventId, answer);
      return DONE;
    case 'terminate':
    case 'childClosed':
      return DONE;
    default: {
      const never: never = call;
      return never;
    }
  }
}

/** A child ended. Answered with whether this run is the one that waits for it. */
export function applyChildClosed(turn: Turn, { initiatedEventId, execution, closing }: ChildClosedMessage): Answer {
  const { state } = turn;
  if (isClosed(state.status)) {
    return { status: 'done', value: false };
  }
  const child = childOfEvent(state, initiatedEventId);
  if (child !== undefined && child.initiated.attributes.workflowId === execution.workflowId) {
    childClosed(turn, child, execution, closing);
  }
  return { status: 'done', value: true };
}

function childAnswered(turn: Turn, initiatedEventId: number, answer: RunCallAnswer): void {
  const { state } = turn;
  const child = childOfEvent(state, initiatedEventId);
  if (child === undefined || child.isClosed || child.startedEventId !== undefined) {
    return;
  }
  const { workflowId, workflowType, parentClosePolicy } = child.initiated.attributes;
  if (isClosed(state.status)) {
    if (answer.status === 'done' && parentClosePolicy !== 'ABANDON') {
      // It began after its parent had closed.
      (turn.calls ??= []).push(closePolicyCall(state, child));
    }
    return;
  }
  if (answer.status === 'done') {
    turn.record('CHILD_WORKFLOW_EXECUTION_STARTED', { workflowExecution: { workflowId, runId: child.runId }, workflowType, initiatedEventId });
  } else if (answer.status === 'failed') {
    const cause = answer.cause === 'WORKFLOW_TYPE_UNKNOWN' ? answer.cause : 'WORKFLOW_ALREADY_EXISTS';
    turn.record('START_CHILD_WORKFLOW_EXECUTION_FAILED', { workflowId, workflowType, initiatedEventId, cause });
  }
}

function childClosed(turn: Turn, child: Child, workflowExecution: WorkflowExecution, closing: ChildClosing): void {
  if (child.isClosed || child.isGivenUp || isClosed(turn.state.status)) {
    return;
  }
  const { workflowId, workflowType } = child.initiated.attributes;
  const initiatedEventId = child.initiated.eventId;
  const startedEventId =
    child.startedEventId ??
    turn.record('CHILD_WORKFLOW_EXECUTION_STARTED', { workflowExecution: { workflowId, runId: child.runId }, workflowType, initiatedEventId });
  const common = { workflowExecution, workflowType, initiatedEventId, startedEventId };
  switch (closing.status) {
    case 'COMPLETED':
      turn.record('CHILD_WORKFLOW_EXECUTION_COMPLETED', { ...common, result: closing.result });
      return;
    case 'FAILED':
      turn.record('CHILD_WORKFLOW_EXECUTION_FAILED', { ...common, failure: closing.failure, retryState: closing.retryState });
      return;
    case 'CANCELED':
      turn.record('CHILD_WORKFLOW_EXECUTION_CANCELED', { ...common, ...(closing.details === undefined ? {} : { details: closing.details }) });
      return;
    case 'TIMED_OUT':
      turn.record('CHILD_WORKFLOW_EXECUTION_TIMED_OUT', { ...common, retryState: closing.retryState });
      return;
    case 'TERMINATED':
      turn.record('CHILD_WORKFLOW_EXECUTION_TERMINATED', common);
      return;
    default: {
      const never: never = closing;
      return never;
    }
  }
}

function externalAnswered(turn: Turn, initiatedEventId: number, answer: RunCallAnswer): void {
  const { state } = turn;
  const event = state.extras?.externalCalls?.get(initiatedEventId);
  if (event === undefined || isClosed(state.status) || (answer.status !== 'done' && answer.status !== 'failed')) {
    return;
  }
  const { workflowExecution } = event.attributes;
  const isSignal = event.eventType === 'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED';
  if (answer.status === 'done') {
    turn.record(isSignal ? 'EXTERNAL_WORKFLOW_EXECUTION_SIGNALED' : 'EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED', { initiatedEventId, workflowExecution });
    return;
  }
  turn.record(isSignal ? 'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED' : 'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED', {
    initiatedEventId,
    workflowExecution,
    cause: 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND',
  });
}

/** Recovery: everything that waits for another run is asked for again; what a closed run still owes is done again. */
export function applyResumeCalls(turn: Turn): void {
  const { state } = turn;
  const { extras } = state;
  if (extras === undefined) {
    return;
  }
  if (isClosed(state.status)) {
    if (extras.owesCallsAfterClose === true) {
      turn.callsAfterClose = callsAfterCloseOf(state);
    }
    return;
  }
  const calls = (turn.calls ??= []);
  for (const child of extras.children?.values() ?? []) {
    if (!child.isClosed && !child.isGivenUp) {
      calls.push(resumeChildCall(state, child));
    }
  }
  for (const event of extras.externalCalls?.values() ?? []) {
    calls.push(externalRunCall(state, event));
  }
  turn.resumesLocalActivities = true;
}

/** Everything that a closed run owed is done. */
export function applyAfterCloseDone(turn: Turn): Answer {
  if (isClosed(turn.state.status)) {
    extrasOf(turn.state).owesCallsAfterClose = false;
  }
  return DONE;
}

/** How a local activity ended: the code is told in the workflow task that follows. */
export function applyLocalActivityEnded(turn: Turn, end: LocalActivityEnd): Answer {
  const { state } = turn;
  const { endedLocalActivities, localActivityEnds } = state.extras ?? {};
  const isKnown = endedLocalActivities?.has(end.seq) === true || localActivityEnds?.some(({ seq }) => seq === end.seq) === true;
  if (!isClosed(state.status) && !isKnown) {
    (extrasOf(state).localActivityEnds ??= []).push(end);
  }
  return DONE;
}
