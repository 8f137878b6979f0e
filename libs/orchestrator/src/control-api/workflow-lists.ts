import type { RunRecord } from '@backstitch/engine';
import { parseListFilter, statusName } from '@backstitch/engine/list-filter';
import {
  InvalidRequestError,
  LIMITS,
  ListFilterInvalidError,
  LOCKS_TASK_QUEUE,
  SearchAttributeInvalidError,
  SearchAttributeUnknownError,
  WorkflowNotFoundError,
  type CountWorkflowsRequest,
  type CountWorkflowsResponse,
  type ListIncidentsResponse,
  type ListWorkflowsRequest,
  type ListWorkflowsResponse,
  type SearchAttributeDefinitions,
  type SearchAttributeType,
  type SearchAttributeValue,
  type WorkflowDescription,
  type WorkflowHistoryResponse,
} from '@backstitch/protocol';
import { z } from 'zod';
import { listFilterSql } from '../listing/list-filter-sql.js';
import type { LockTable } from '../locks/lock-table.js';
import type { RunNotes } from '../store/run-notes.js';
import type { RunQueries } from '../store/run-queries.js';
import { SEARCHABLE_VALUE_BYTES_MAX } from '../store/search-attribute-indexes.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { toSummary } from './workflow-summary.js';

const runPosition = z.object({ startedAtMs: z.int(), runId: z.guid() });
const incidentPosition = z.object({ openedAtMs: z.int(), runId: z.guid(), incidentNumber: z.int() });

const PAGE_SIZE_DEFAULT = 100;

export interface WorkflowListsDependencies {
  queries: RunQueries;
  definitions: SearchAttributeDefinitions;
  locks: Pick<LockTable, 'ofRun'>;
  notes: Pick<RunNotes, 'complete'>;
  currentBuildId: () => string;
}

/** Pages of runs, incidents and events, read from the database. */
export class WorkflowLists {
  readonly #queries: RunQueries;
  readonly #definitions: SearchAttributeDefinitions;
  readonly #locks: Pick<LockTable, 'ofRun'>;
  readonly #notes: Pick<RunNotes, 'complete'>;
  readonly #currentBuildId: () => string;

  constructor({ queries, definitions, locks, notes, currentBuildId }: WorkflowListsDependencies) {
    this.#queries = queries;
    this.#definitions = definitions;
    this.#locks = locks;
    this.#notes = notes;
    this.#currentBuildId = currentBuildId;
  }

  /** @throws SearchAttributeUnknownError, SearchAttributeInvalidError, InvalidRequestError for a bad cursor */
  async listWorkflows({ cursor, pageSize, query, ...filter }: ListWorkflowsRequest): Promise<ListWorkflowsResponse> {
    const limit = Math.min(pageSize ?? PAGE_SIZE_DEFAULT, LIMITS.pageSizeMax);
    if (query !== undefined) {
      if (Object.values(filter).some((value) => value !== undefined)) {
        throw new InvalidRequestError('/query', 'takes nothing beside it but cursor and pageSize');
      }
      return this.#listByQuery(query, cursor, limit);
    }
    for (const [attribute, value] of Object.entries(filter.searchAttributes ?? {})) {
      this.#check(attribute, value);
    }
    return pageOf(await this.#queries.listRuns(filter, decodeCursor(runPosition, cursor), limit + 1), limit);
  }

  /** A description with what is kept beside the history: what replicas found out about the run, and the locks that it holds or waits for. */
  async complete(described: WorkflowDescription): Promise<WorkflowDescription> {
    const description = await this.#notes.complete(described, described.pinnedBuildId ?? this.#currentBuildId());
    if (!description.activities.some(({ options }) => options.taskQueue === LOCKS_TASK_QUEUE)) {
      return description;
    }
    const locks = await this.#locks.ofRun(description.runId);
    return locks.length === 0 ? description : { ...description, locks };
  }

  /** @throws ListFilterInvalidError */
  async countWorkflows({ query = '' }: CountWorkflowsRequest): Promise<CountWorkflowsResponse> {
    const { condition, groupBy, orderBy } = parseListFilter(query);
    if (orderBy !== undefined) throw new ListFilterInvalidError(orderBy.position, 'no ORDER BY, since runs are counted');
    if (groupBy !== undefined && groupBy.name !== 'ExecutionStatus') throw new ListFilterInvalidError(groupBy.position, 'ExecutionStatus');
    const counts = await this.#queries.countWhere(listFilterSql(condition, this.#definitions));
    return {
      count: counts.reduce((sum, { count }) => sum + count, 0),
      ...(groupBy !== undefined && { groups: counts.map(({ status, count }) => ({ values: [statusName(status)], count })) }),
    };
  }

  async #listByQuery(query: string, cursor: string | undefined, limit: number): Promise<ListWorkflowsResponse> {
    const { condition, groupBy, orderBy } = parseListFilter(query);
    if (groupBy !== undefined) throw new ListFilterInvalidError(groupBy.position, 'no GROUP BY, since runs are listed');
    if (orderBy !== undefined && orderBy.name !== 'StartTime') throw new ListFilterInvalidError(orderBy.position, 'StartTime, the only order in which runs are listed');
    const records = await this.#queries.listWhere(listFilterSql(condition, this.#definitions), orderBy?.direction ?? 'desc', decodeCursor(runPosition, cursor), limit + 1);
    return pageOf(records, limit);
  }

  /** The workflow's current run, if its chain began with that run. @throws WorkflowNotFoundError */
  async currentRunOfChain(workflowId: string, firstExecutionRunId: string): Promise<string> {
    const runId = await this.#queries.currentRunOfChain(workflowId, firstExecutionRunId);
    if (runId === undefined) {
      throw new WorkflowNotFoundError(workflowId);
    }
    return runId;
  }

  async listIncidents(cursor: string | undefined, pageSize: number): Promise<ListIncidentsResponse> {
    const incidents = await this.#queries.listOpenIncidents(decodeCursor(incidentPosition, cursor), pageSize + 1);
    const page = incidents.slice(0, pageSize);
    const last = page.at(-1);
    return {
      incidents: page,
      ...(incidents.length > pageSize &&
        last !== undefined && { nextCursor: encodeCursor({ openedAtMs: last.openedAtMs, runId: last.runId, incidentNumber: last.incidentNumber }) }),
    };
  }

  /** @throws WorkflowNotFoundError */
  async readHistory(workflowId: string, runId: string | undefined, afterEventId: number, limit: number): Promise<WorkflowHistoryResponse> {
    const found = await this.#queries.readHistory(workflowId, runId, afterEventId, limit);
    if (found === undefined) {
      throw new WorkflowNotFoundError(workflowId);
    }
    const last = found.events.at(-1)?.eventId;
    return {
      workflowId,
      runId: found.runId,
      events: found.events,
      ...(last !== undefined && last < found.lastEventId && { nextAfterEventId: last }),
    };
  }

  #check(attribute: string, value: SearchAttributeValue): void {
    const type = Object.hasOwn(this.#definitions, attribute) ? this.#definitions[attribute] : undefined;
    if (type === undefined) {
      throw new SearchAttributeUnknownError(attribute);
    }
    if (type === 'KeywordList') {
      throw new SearchAttributeInvalidError(attribute, 'a condition of `query`, since it is a list');
    }
    if (!isOfType(type, value)) {
      throw new SearchAttributeInvalidError(attribute, `a value of type ${type}`);
    }
    if (typeof value === 'string' && (Buffer.byteLength(value) > SEARCHABLE_VALUE_BYTES_MAX || value.includes('\0'))) {
      throw new SearchAttributeInvalidError(attribute, `a text of at most ${SEARCHABLE_VALUE_BYTES_MAX} bytes without NUL`);
    }
  }
}

/** A page of the records, of which one more than it holds was read. */
function pageOf(records: readonly RunRecord[], limit: number): ListWorkflowsResponse {
  const page = records.slice(0, limit);
  const last = page.at(-1);
  return {
    workflows: page.map(toSummary),
    ...(records.length > limit && last !== undefined && { nextCursor: encodeCursor({ startedAtMs: last.startedAtMs, runId: last.runId }) }),
  };
}

function isOfType(type: Exclude<SearchAttributeType, 'KeywordList'>, value: SearchAttributeValue): boolean {
  switch (type) {
    case 'Keyword':
    case 'Datetime':
      return typeof value === 'string';
    case 'Int':
      return Number.isSafeInteger(value);
    case 'Double':
      return typeof value === 'number';
    case 'Bool':
      return typeof value === 'boolean';
    default:
      return type satisfies never;
  }
}
