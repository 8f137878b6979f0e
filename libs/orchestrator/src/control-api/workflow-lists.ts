import {
  LIMITS,
  SearchAttributeInvalidError,
  SearchAttributeUnknownError,
  WorkflowNotFoundError,
  type ListIncidentsResponse,
  type ListWorkflowsRequest,
  type ListWorkflowsResponse,
  type SearchAttributeDefinitions,
  type SearchAttributeType,
  type SearchAttributeValue,
  type WorkflowHistoryResponse,
} from '@backstitch/protocol';
import { z } from 'zod';
import type { RunQueries } from '../store/run-queries.js';
import { SEARCHABLE_VALUE_BYTES_MAX } from '../store/search-attribute-indexes.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { toSummary } from './workflow-summary.js';

const runPosition = z.object({ startedAtMs: z.int(), runId: z.guid() });
const incidentPosition = z.object({ openedAtMs: z.int(), runId: z.guid(), incidentNumber: z.int() });

const PAGE_SIZE_DEFAULT = 100;

/** Pages of runs, incidents and events, read from the database. */
export class WorkflowLists {
  readonly #queries: RunQueries;
  readonly #definitions: SearchAttributeDefinitions;

  constructor(queries: RunQueries, definitions: SearchAttributeDefinitions) {
    this.#queries = queries;
    this.#definitions = definitions;
  }

  /** @throws SearchAttributeUnknownError, SearchAttributeInvalidError, InvalidRequestError for a bad cursor */
  async listWorkflows({ cursor, pageSize, ...filter }: ListWorkflowsRequest): Promise<ListWorkflowsResponse> {
    for (const [attribute, value] of Object.entries(filter.searchAttributes ?? {})) {
      this.#check(attribute, value);
    }
    const limit = Math.min(pageSize ?? PAGE_SIZE_DEFAULT, LIMITS.pageSizeMax);
    const records = await this.#queries.listRuns(filter, decodeCursor(runPosition, cursor), limit + 1);
    const page = records.slice(0, limit);
    const last = page.at(-1);
    return {
      workflows: page.map(toSummary),
      ...(records.length > limit && last !== undefined && { nextCursor: encodeCursor({ startedAtMs: last.startedAtMs, runId: last.runId }) }),
    };
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
  async readHistory(workflowId: string, afterEventId: number, limit: number): Promise<WorkflowHistoryResponse> {
    const found = await this.#queries.readHistory(workflowId, afterEventId, limit);
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
    if (!isOfType(type, value)) {
      throw new SearchAttributeInvalidError(attribute, `a value of type ${type}`);
    }
    if (typeof value === 'string' && (Buffer.byteLength(value) > SEARCHABLE_VALUE_BYTES_MAX || value.includes('\0'))) {
      throw new SearchAttributeInvalidError(attribute, `a text of at most ${SEARCHABLE_VALUE_BYTES_MAX} bytes without NUL`);
    }
  }
}

function isOfType(type: SearchAttributeType, value: SearchAttributeValue): boolean {
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
