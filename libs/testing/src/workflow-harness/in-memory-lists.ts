import type { RunRecord } from '@backstitch/engine';
import { filterMatches, parseListFilter, statusName, type ListedRun } from '@backstitch/engine/list-filter';
import {
  ListFilterInvalidError,
  type CountWorkflowsRequest,
  type CountWorkflowsResponse,
  type ListWorkflowsRequest,
  type ListWorkflowsResponse,
  type SearchAttributeDefinitions,
  type HistoryEventAttributes,
} from '@backstitch/protocol';
import type { InMemoryHistoryStore } from '../in-memory-history-store.js';
import { summaryOf } from './closed-workflows.js';

const PAGE_SIZE_DEFAULT = 100;

/** Lists and counts of a store in memory, as the orchestrator answers them. */
export class InMemoryLists {
  constructor(
    private readonly store: InMemoryHistoryStore,
    private readonly definitions: SearchAttributeDefinitions,
  ) {}

  /** @throws ListFilterInvalidError */
  list({ query = '', cursor, pageSize = PAGE_SIZE_DEFAULT, ...fields }: ListWorkflowsRequest): ListWorkflowsResponse {
    const { condition, groupBy, orderBy } = parseListFilter(query);
    if (groupBy !== undefined) throw new ListFilterInvalidError(groupBy.position, 'no GROUP BY, since runs are listed');
    if (orderBy !== undefined && orderBy.name !== 'StartTime') throw new ListFilterInvalidError(orderBy.position, 'StartTime, the only order in which runs are listed');
    const found = this.#runs().filter((run) => hasFields(run.record, fields) && filterMatches(condition, run, this.definitions));
    if (orderBy?.direction === 'asc') found.reverse();
    const first = Number(cursor ?? 0);
    const page = found.slice(first, first + pageSize);
    return { workflows: page.map(({ record }) => summaryOf(record)), ...(first + pageSize < found.length ? { nextCursor: String(first + pageSize) } : {}) };
  }

  /** @throws ListFilterInvalidError */
  count({ query = '' }: CountWorkflowsRequest): CountWorkflowsResponse {
    const { condition, groupBy, orderBy } = parseListFilter(query);
    if (orderBy !== undefined) throw new ListFilterInvalidError(orderBy.position, 'no ORDER BY, since runs are counted');
    if (groupBy !== undefined && groupBy.name !== 'ExecutionStatus') throw new ListFilterInvalidError(groupBy.position, 'ExecutionStatus');
    const counts = new Map<string, number>();
    for (const run of this.#runs()) {
      const status = statusName(run.record.status);
      if (filterMatches(condition, run, this.definitions)) counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    const groups = [...counts].map(([status, count]) => ({ values: [status], count }));
    return { count: groups.reduce((sum, { count }) => sum + count, 0), ...(groupBy === undefined ? {} : { groups }) };
  }

  /** Newest first. */
  #runs(): ListedRun[] {
    return this.store
      .records()
      .map((record) => {
        const { taskQueue, parentWorkflowExecution, rootWorkflowExecution, buildId } = (this.store.stored(record.runId)?.events[0]?.attributes ?? {}) as Partial<HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED']>;
        return { record, taskQueue, parentWorkflowId: parentWorkflowExecution?.workflowId, rootWorkflowId: rootWorkflowExecution?.workflowId, pinnedBuildId: buildId };
      })
      .reverse();
  }
}

function hasFields(record: RunRecord, { workflowType, status, searchAttributes = {}, startedAfterMs = -Infinity, startedBeforeMs = Infinity, withOpenIncidents }: ListWorkflowsRequest): boolean {
  return (
    (workflowType === undefined || record.workflowType === workflowType) &&
    (status === undefined || record.status === status) &&
    record.startedAtMs > startedAfterMs &&
    record.startedAtMs < startedBeforeMs &&
    (withOpenIncidents !== true || record.openIncidents > 0) &&
    Object.entries(searchAttributes).every(([name, value]) => record.searchAttributes[name]?.[0] === value)
  );
}
