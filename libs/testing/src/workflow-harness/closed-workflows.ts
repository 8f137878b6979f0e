import type { RunRecord, StoredRun } from '@backstitch/engine';
import type { ClosedWorkflow, WorkflowSummary } from '@backstitch/protocol';
import type { InMemoryHistoryStore } from '../in-memory-history-store.js';

/** The newest run of a workflow, or that run; with `followRuns` the last of those that continued it. */
export function lastRun(store: InMemoryHistoryStore, workflowId: string, runId: string | undefined, followRuns: boolean): StoredRun | undefined {
  let stored = store.stored(runId ?? store.runIdsOf(workflowId).at(-1) ?? '');
  for (let next = continuedTo(stored); followRuns && next !== undefined; next = continuedTo(stored)) {
    stored = store.stored(next);
  }
  return stored;
}

export function summaryOf(record: RunRecord): WorkflowSummary {
  const { workflowId, runId, workflowType, status, startedAtMs, closedAtMs, searchAttributes, memo, openIncidents } = record;
  return { workflowId, runId, workflowType, status, startedAtMs, ...(closedAtMs === undefined ? {} : { closedAtMs }), searchAttributes, memo, openIncidents };
}

export function closedWorkflow(stored: StoredRun): ClosedWorkflow {
  const { result, failure } = stored.record;
  const continuedToRunId = continuedTo(stored);
  return {
    ...summaryOf(stored.record),
    ...(continuedToRunId === undefined ? {} : { continuedToRunId }),
    ...(result === undefined ? {} : { result }),
    ...(failure === undefined ? {} : { failure }),
  };
}

function continuedTo(stored: StoredRun | undefined): string | undefined {
  const { newExecutionRunId } = (stored?.events.at(-1)?.attributes ?? {}) as { newExecutionRunId?: string };
  return newExecutionRunId;
}
