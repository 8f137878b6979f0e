import { ROLLBACK_STARTED_SIGNAL, type WorkflowExecution } from '@backstitch/protocol';
import { owedUndosOf } from '../run/owed-undos.js';
import { rollbackRun } from '../run/rollback.js';
import type { Turn } from '../run/turn.js';

/**
 * Begins the linked run that undoes what a run owes, in the commit that ends it (law L7). To be called before the event that ends the run, in a turn that has
 * its history. Undefined if nothing is owed.
 */
export function beginRollback(turn: Turn, reason: string, identity?: string): WorkflowExecution | undefined {
  const { state, settings } = turn;
  const owed = owedUndosOf(state, [...(turn.history ?? []), ...turn.events]);
  if (owed.undos.length === 0) {
    return undefined;
  }
  const run = rollbackRun(state, owed, { runId: settings.runId(), reason, partitionCount: settings.partitionCount, ...(identity === undefined ? {} : { identity }) });
  const linked = { workflowId: run.workflowId, runId: run.runId };
  turn.record('WORKFLOW_EXECUTION_SIGNALED', { signalName: ROLLBACK_STARTED_SIGNAL, input: [linked], identity: 'backstitch' });
  (turn.newRuns ??= []).push(run);
  return linked;
}
