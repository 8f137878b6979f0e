import type { AppendResult, HistoryStore, RunAppend } from '../ports/history-store.js';
import { closeTowardsOthers } from '../run/chain-end.js';
import type { TurnSettings } from '../run/turn.js';
import { startOf, type BatchRun } from './batch-run.js';
import { beginRun, type BegunRun } from './new-run-append.js';

/** How one run's part of the commit fared. */
export interface RunResult {
  append: RunAppend | undefined;
  begun: BegunRun[] | undefined;
  result: AppendResult;
}

/** Writes what the turns of a batch came to, and the runs that begin beside them: all in one commit. */
export async function commitTurns(runs: readonly BatchRun[], store: HistoryStore, settings: TurnSettings): Promise<Map<BatchRun, RunResult>> {
  const appends: RunAppend[] = [];
  const parts: { run: BatchRun; position: number; begun: BegunRun[] | undefined }[] = [];
  for (const run of runs) {
    const { turn } = run;
    if (run.state.status !== 'RUNNING' && turn.events.length > 0) {
      turn.leaveNothingOpen();
      closeTowardsOthers(turn);
    }
    const append = turn.toAppend();
    const begun = turn.newRuns?.map((newRun) => beginRun(newRun, turn.nowMs, settings, append === undefined ? undefined : run.runId));
    if (append !== undefined || begun !== undefined) {
      parts.push({ run, position: append === undefined ? -1 : appends.length, begun });
      if (append !== undefined) {
        const replaces = append.isNew ? startOf(run)?.replacesRunId : undefined;
        appends.push(replaces === undefined ? append : { ...append, replaces });
      }
      begun?.forEach(({ append: first }) => appends.push(first));
    }
  }
  const results = appends.length === 0 ? [] : await store.commit(appends);
  return new Map(
    parts.map(({ run, position, begun }) => {
      const first = position === -1 ? appends.indexOf(begun?.[0]?.append as RunAppend) : position;
      // A run that closed before has nothing to write itself: what replaces it decides.
      return [run, { append: position === -1 ? undefined : appends[position], begun, result: results[first] ?? { status: 'stale' } }];
    }),
  );
}
