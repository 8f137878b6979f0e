import { isClosed } from '@backstitch/protocol';
import { recordTimedOut } from '../run/chain-end.js';
import { runDeadlineMs } from '../run/lineage.js';
import { extrasOf } from '../run/run-extras.js';
import { isOpen } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';
import { applyTerminate } from './apply-cancellation.js';
import type { Answer, SupersedeMessage } from './run-message.js';

/** Ends a run whose own time, or whose chain's, is out. */
export function applyWorkflowTimeout(turn: Turn): void {
  const { state, nowMs } = turn;
  const started = state.extras?.started;
  if (started === undefined || isClosed(state.status) || (runDeadlineMs(started, state.startedAtMs) ?? Infinity) > nowMs) {
    return;
  }
  state.incidents.filter(isOpen).forEach((incident) => turn.resolveIncident(incident, { action: 'auto', reason: 'The workflow timed out.', identity: 'backstitch' }));
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
