import type { ContinueAsNewCommand, HistoryEvent, HistoryEventType, WorkflowCommand } from '@backstitch/protocol';
import { childOfEvent, closingOf, parentCloseCalls, startChildCall } from './children.js';
import { externalRunCall } from './external-calls.js';
import { carriedOnUndosOf } from './owed-undos.js';
import { extrasOf } from './run-extras.js';
import { continuedRun, planNextRun } from './successor.js';
import type { RunCall } from '../ports/run-messenger.js';
import type { RunState } from './run-state.js';
import type { Turn } from './turn.js';
import type { UnplacedEvent } from './unplaced-event.js';

type ChainEndEvent = UnplacedEvent<'WORKFLOW_EXECUTION_COMPLETED' | 'WORKFLOW_EXECUTION_FAILED' | 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW'>;

/** Whether an event ends a run that another one may follow. */
export function isChainEnd({ eventType }: UnplacedEvent): boolean {
  return eventType === 'WORKFLOW_EXECUTION_COMPLETED' || eventType === 'WORKFLOW_EXECUTION_FAILED' || eventType === 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW';
}

/** Records the end of a run, and begins the next one of its chain if there is one. */
export function recordChainEnd(turn: Turn, unplaced: UnplacedEvent, timeMs: number, history: readonly HistoryEvent[], commands: readonly WorkflowCommand[]): void {
  const event = unplaced as ChainEndEvent;
  switch (event.eventType) {
    case 'WORKFLOW_EXECUTION_COMPLETED': {
      const { newRun } = planNextRun(turn, { status: 'COMPLETED', result: event.attributes.result });
      turn.record(event.eventType, newRun === undefined ? event.attributes : { ...event.attributes, newExecutionRunId: newRun.runId }, timeMs);
      begin(turn, newRun);
      return;
    }
    case 'WORKFLOW_EXECUTION_FAILED': {
      const { newRun, retryState } = planNextRun(turn, { status: 'FAILED', failure: event.attributes.failure });
      const added = { ...(retryState === undefined ? {} : { retryState }), ...(newRun === undefined ? {} : { newExecutionRunId: newRun.runId }) };
      turn.record(event.eventType, { ...event.attributes, ...added }, timeMs);
      begin(turn, newRun);
      return;
    }
    case 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW': {
      const command = commands.find(({ type }) => type === 'continueAsNew') as ContinueAsNewCommand;
      const carried = history.length === 0 ? [] : carriedOnUndosOf(turn.state, history, command);
      const newRun = continuedRun(turn, event.attributes, command, carried);
      turn.record(event.eventType, { ...event.attributes, newExecutionRunId: newRun.runId }, timeMs);
      begin(turn, newRun);
      return;
    }
    default: {
      const never: never = event;
      return never;
    }
  }
}

/** Ends a run whose time is out. */
export function recordTimedOut(turn: Turn): void {
  const failure = { message: 'Workflow execution timed out', timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' as const } };
  const { newRun, retryState = 'TIMEOUT' } = planNextRun(turn, { status: 'TIMED_OUT', failure });
  turn.record('WORKFLOW_EXECUTION_TIMED_OUT', { retryState, ...(newRun === undefined ? {} : { newExecutionRunId: newRun.runId }) });
  begin(turn, newRun);
}

function begin(turn: Turn, newRun: ReturnType<typeof planNextRun>['newRun']): void {
  if (newRun !== undefined) {
    (turn.newRuns ??= []).push(newRun);
  }
}

/** The call that follows an event which begins one. */
export function callOtherRun(turn: Turn, eventId: number, eventType: HistoryEventType): void {
  const { state } = turn;
  let call: RunCall | undefined;
  if (eventType === 'START_CHILD_WORKFLOW_EXECUTION_INITIATED') {
    const child = childOfEvent(state, eventId);
    call = child === undefined ? undefined : startChildCall(state, child);
  } else {
    const external = state.extras?.externalCalls?.get(eventId);
    call = external === undefined ? undefined : externalRunCall(state, external);
  }
  if (call !== undefined) {
    (turn.calls ??= []).push(call);
  }
}

/** What a run that has just closed owes its parent and its children. */
export function callsAfterCloseOf(state: RunState): RunCall[] {
  if (state.extras === undefined) {
    return [];
  }
  const calls = state.extras.continuesOnReset === true ? [] : parentCloseCalls(state);
  // What was sent is delivered, though its sender has ended.
  for (const event of state.extras.externalCalls?.values() ?? []) {
    calls.push(externalRunCall(state, event));
  }
  const { started, continuedToRunId } = state.extras;
  const closing = continuedToRunId === undefined && state.extras.continuesOnReset !== true ? closingOf(state) : undefined;
  if (closing !== undefined && started?.parentWorkflowExecution !== undefined && started.parentInitiatedEventId !== undefined) {
    const { workflowId, runId } = started.parentWorkflowExecution;
    const initiatedEventId = started.parentInitiatedEventId;
    calls.push({ type: 'childClosed', sender: { workflowId: state.workflowId, runId: state.runId }, initiatedEventId, workflowId, runId, closing });
  }
  return calls;
}

/** To be called once for a run that closed: notes what it owes. */
export function closeTowardsOthers(turn: Turn): void {
  const calls = callsAfterCloseOf(turn.state);
  if (calls.length > 0) {
    extrasOf(turn.state).owesCallsAfterClose = true;
    turn.callsAfterClose = calls;
  }
}
