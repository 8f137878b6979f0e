import { isClosed } from '@backstitch/protocol';
import { recordTimedOut } from '../run/chain-end.js';
import { runDeadlineMs } from '../run/lineage.js';
import { extrasOf } from '../run/run-extras.js';
import { isOpen, type RunState } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { beginRollback } from './begin-rollback.js';
import { applyTerminate } from './apply-cancellation.js';
import type { Answer, SupersedeMessage } from './run-message.js';

/** Whether a run's own time, or its chain's, is out. */
export function hasTimedOut({ extras, status, startedAtMs }: Pick<RunState, 'extras' | 'status' | 'startedAtMs'>, nowMs: number): boolean {
  return extras?.started !== undefined && !isClosed(status) && (runDeadlineMs(extras.started, startedAtMs) ?? Infinity) <= nowMs;
}

/** Ends a run whose own time, or whose chain's, is out. Its code is not asked: a linked run undoes what it owes. The turn has the history then. */
export function applyWorkflowTimeout(turn: Turn): void {
  const { state } = turn;
  if (!hasTimedOut(state, turn.nowMs)) {
    return;
  }
  state.incidents.filter(isOpen).forEach((incident) => turn.resolveIncident(incident, { action: 'auto', reason: 'The workflow timed out.', identity: 'backstitch' }));
  beginRollback(turn, 'The workflow timed out');
  recordTimedOut(turn);
}

/** Lets another run take this one's place in the same commit; if it is running it is terminated. */
export function applySupersede(turn: Turn, { newRun, reason, identity, reset }: SupersedeMessage): Answer {
  const { state } = turn;
  if (reset?.baseRunId === state.runId && state.nextEventId !== reset.baseNextEventId) {
    // What happened since is missing in the new run's history: it has to be made again.
    return { status: 'done', value: 'changed' };
  }
  if (!isClosed(state.status)) {
    if (reset?.baseRunId === state.runId) {
      extrasOf(state).continuesOnReset = true;
    }
    applyTerminate(turn, { reason, identity });
  }
  (turn.newRuns ??= []).push({ ...newRun, replacesRunId: state.runId });
  return { status: 'done', value: 'superseded' };
}
