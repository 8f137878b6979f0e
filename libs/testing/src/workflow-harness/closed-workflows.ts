import type { RunRecord } from '@backstitch/engine';
import type { ClosedWorkflow, WorkflowSummary } from '@backstitch/protocol';
import type { InMemoryHistoryStore } from '../in-memory-history-store.js';

type LastOfRun = ReturnType<InMemoryHistoryStore['lastOf']>;

/** The newest run of a workflow, or that run; with `followRuns` the last of those that continued it. */
export function lastRun(store: InMemoryHistoryStore, workflowId: string, runId: string | undefined, followRuns: boolean): LastOfRun {
  let run = store.lastOf(runId ?? store.runIdsOf(workflowId).at(-1) ?? '');
  for (let next = continuedTo(run); followRuns && next !== undefined; next = continuedTo(run)) {
    run = store.lastOf(next);
  }
  return run;
}

export function summaryOf(record: RunRecord): WorkflowSummary {
  const { workflowId, runId, workflowType, status, startedAtMs, closedAtMs, searchAttributes, memo, openIncidents } = record;
  return { workflowId, runId, workflowType, status, startedAtMs, ...(closedAtMs === undefined ? {} : { closedAtMs }), searchAttributes, memo, openIncidents };
}

export function closedWorkflow(run: NonNullable<LastOfRun>): ClosedWorkflow {
  const { result, failure } = run.record;
  const continuedToRunId = continuedTo(run);
  return {
    ...summaryOf(run.record),
    ...(continuedToRunId === undefined ? {} : { continuedToRunId }),
    ...(result === undefined ? {} : { result }),
    ...(failure === undefined ? {} : { failure }),
  };
}

function continuedTo(run: LastOfRun): string | undefined {
  const { newExecutionRunId } = (run?.lastEvent?.attributes ?? {}) as { newExecutionRunId?: string };
  return newExecutionRunId;
}
