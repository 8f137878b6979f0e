import type { RunRecord } from '@backstitch/engine';
import type { WorkflowSummary } from '@backstitch/protocol';

/** What lists show of a run. */
export function toSummary(record: RunRecord): WorkflowSummary {
  return {
    workflowId: record.workflowId,
    runId: record.runId,
    workflowType: record.workflowType,
    status: record.status,
    startedAtMs: record.startedAtMs,
    searchAttributes: record.searchAttributes,
    memo: record.memo,
    openIncidents: record.openIncidents,
    ...(record.closedAtMs !== undefined && { closedAtMs: record.closedAtMs }),
  };
}
