import type { RunAppend } from '../ports/history-store.js';
import type { NewRun } from '../run/new-run.js';
import { extrasOf } from '../run/run-extras.js';
import { emptyRunState, identityOf, type RunState } from '../run/run-state.js';
import { Turn, type TurnSettings } from '../run/turn.js';

/** A run that begins beside another one's append. */
export interface BegunRun {
  state: RunState;
  append: RunAppend;
  turn: Turn;
}

/** The first append of a run that begins in the same commit as what happens to `after`. Its code is run once that stands. */
export function beginRun(newRun: NewRun, nowMs: number, settings: TurnSettings, afterRunId: string | undefined): BegunRun {
  const turn = turnOf(newRun, nowMs, settings);
  const append = turn.toAppend() as RunAppend;
  return {
    state: turn.state,
    turn,
    append: {
      ...append,
      ...(newRun.replacesRunId === undefined ? {} : { replaces: newRun.replacesRunId }),
      ...(afterRunId === undefined ? {} : { after: afterRunId }),
    },
  };
}

/** A turn that makes the run. */
export function turnOf({ workflowId, runId, partition, requestFingerprint, started, signal, events }: NewRun, nowMs: number, settings: TurnSettings): Turn {
  const state = emptyRunState({ workflowId, runId, partition, requestFingerprint });
  const turn = new Turn(state, nowMs, settings, true);
  if (started !== undefined) {
    turn.record('WORKFLOW_EXECUTION_STARTED', started);
  }
  if (signal !== undefined) {
    turn.record('WORKFLOW_EXECUTION_SIGNALED', signal);
  }
  const pivotInDoubt = started?.system?.pivotInDoubt;
  if (pivotInDoubt !== undefined) {
    turn.openIncident({
      kind: 'PIVOT_IN_DOUBT',
      message: `Pivot "${pivotInDoubt.activityType}" (key ${pivotInDoubt.key}) was under way when the run ended. If it has not happened, retry: everything before it is undone. If it has, terminate this rollback`,
    });
  }
  events?.forEach(({ eventType, attributes, eventTimeMs }) => turn.record(eventType, attributes, eventTimeMs));
  if (events !== undefined) {
    // What the other run had begun goes on here, under the keys that it has.
    for (const activity of state.openActivities.values()) {
      turn.dispatch(activity, 0);
    }
    extrasOf(state);
  }
  turn.facts.push((observer) => observer.workflowStarted?.(identityOf(state)));
  return turn;
}
