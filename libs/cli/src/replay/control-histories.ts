import type { ControlCaller } from '@backstitch/client';
import type { CountWorkflowsResponse, HistoryEvent, ListWorkflowsResponse, WorkflowHistoryResponse, WorkflowSummary } from '@backstitch/protocol';
import type { RunHistory } from './replay-histories.js';

export interface OpenRunsFilter {
  workflowType?: string | undefined;
  /** At most so many runs. Default: all. */
  limit?: number | undefined;
  /** Is told first how many runs there will be. Others may begin and end meanwhile. */
  onCount?: ((runs: number) => void) | undefined;
}

const PAGE_SIZE = 100;

/** The open runs that the control API lists, newest first, each with its history. One page of the list and one history are in memory at a time. */
export async function* controlHistories(connection: ControlCaller, { workflowType, limit = Infinity, onCount }: OpenRunsFilter): AsyncIterable<RunHistory> {
  if (onCount !== undefined) onCount(Math.min(limit, await countOpenRuns(connection, workflowType)));
  let read = 0;
  for (let cursor: string | undefined, isFirst = true; (isFirst || cursor !== undefined) && read < limit; isFirst = false) {
    const body = { status: 'RUNNING', pageSize: PAGE_SIZE, ...(workflowType !== undefined && { workflowType }), ...(cursor !== undefined && { cursor }) };
    const page: ListWorkflowsResponse = await connection.call<ListWorkflowsResponse>({ method: 'POST', path: '/workflows/list', body, isIdempotent: true });
    for (const { workflowId, runId } of page.workflows) {
      if (read >= limit) return;
      read += 1;
      yield { workflowId, runId, events: await fetchHistory(connection, workflowId, runId) };
    }
    cursor = page.nextCursor;
  }
}

async function countOpenRuns(connection: ControlCaller, workflowType: string | undefined): Promise<number> {
  const ofType = workflowType === undefined ? '' : ` AND WorkflowType = '${workflowType.replaceAll("'", "''")}'`;
  const body = { query: `ExecutionStatus = 'Running'${ofType}` };
  return (await connection.call<CountWorkflowsResponse>({ method: 'POST', path: '/workflows/count', body, isIdempotent: true })).count;
}

/** The whole history of a run. */
export async function fetchHistory(connection: ControlCaller, workflowId: string, runId: WorkflowSummary['runId']): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const path = `/workflows/${encodeURIComponent(workflowId)}/history?afterEventId=${after}&runId=${encodeURIComponent(runId)}`;
    const page: WorkflowHistoryResponse = await connection.call<WorkflowHistoryResponse>({ method: 'GET', path, isIdempotent: true });
    events.push(...page.events);
    after = page.nextAfterEventId;
  }
  return events;
}
