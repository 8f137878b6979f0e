import type { RunRecord } from '@backstitch/engine';
import type { HistoryEvent, Incident, IncidentKind, ListWorkflowsRequest, WorkflowExecutionStatus } from '@backstitch/protocol';
import type { FilterSql } from '../listing/list-filter-sql.js';
import type { Database } from './database.js';
import { RUN_RECORD_COLUMNS, toRunRecord, type RunRecordRow } from './run-record-row.js';
import { SCHEMA } from './schema.js';
import { attributeExpression, attributeIndexCondition } from './search-attribute-indexes.js';

/** Where a page of runs ends: newest first, so the next page begins below. */
export interface RunPosition {
  startedAtMs: number;
  runId: string;
}

/** Where a page of incidents ends: oldest first. */
export interface IncidentPosition {
  openedAtMs: number;
  runId: string;
  incidentNumber: number;
}

/** A run that is due, and its place among them. */
export interface DuePosition {
  wakeAtMs: number;
  runId: string;
}

export type ListedIncident = Incident & { workflowId: string; runId: string; workflowType: string };

export interface OpenCounts {
  runningWorkflows: number;
  openActivities: number;
  openIncidents: { kind: IncidentKind; count: number }[];
}

/** Runs that a replica goes on with, of its partitions. */
export interface ServedBuild {
  /** Those that are pinned to it … */
  buildId: string;
  /** … and, of the current build, those that are not pinned. */
  servesUnpinned: boolean;
}

/** What is read of runs beside the engine: lists, what is due, what is open. What is due or open is told of the served runs alone. */
export class RunQueries {
  readonly #database: Database;
  readonly #served: () => ServedBuild;

  constructor(database: Database, served: () => ServedBuild = () => ({ buildId: '', servesUnpinned: true })) {
    this.#database = database;
    this.#served = served;
  }

  get #servedValues(): [string, boolean] {
    const { buildId, servesUnpinned } = this.#served();
    return [buildId, servesUnpinned];
  }

  /** Newest first. */
  async listRuns(filter: Omit<ListWorkflowsRequest, 'cursor' | 'pageSize'>, after: RunPosition | undefined, limit: number): Promise<RunRecord[]> {
    const values: unknown[] = [];
    const value = (next: unknown): string => `$${values.push(next)}`;
    const conditions = ['true'];
    if (filter.workflowType !== undefined) conditions.push(`e.workflow_type = ${value(filter.workflowType)}`);
    // A literal, since the partial index of running workflows is used only where the planner sees it.
    if (filter.status === 'RUNNING') conditions.push(`e.status = 'RUNNING'`);
    else if (filter.status !== undefined) conditions.push(`e.status = ${value(filter.status)}`);
    if (filter.startedAfterMs !== undefined) conditions.push(`e.started_at_ms > ${value(filter.startedAfterMs)}`);
    if (filter.startedBeforeMs !== undefined) conditions.push(`e.started_at_ms < ${value(filter.startedBeforeMs)}`);
    if (filter.withOpenIncidents === true) conditions.push('e.open_incidents > 0');
    for (const [attribute, wanted] of Object.entries(filter.searchAttributes ?? {})) {
      conditions.push(`${attributeExpression(attribute)} = ${value(JSON.stringify(wanted))}::jsonb`, attributeIndexCondition(attribute));
    }
    if (after !== undefined) conditions.push(`(e.started_at_ms, e.run_id) < (${value(after.startedAtMs)}::bigint, ${value(after.runId)}::uuid)`);
    const rows = await this.#database.query<RunRecordRow>({
      text: `SELECT ${RUN_RECORD_COLUMNS} FROM ${SCHEMA}.execution e WHERE ${conditions.join(' AND ')}
        ORDER BY e.started_at_ms DESC, e.run_id DESC LIMIT ${value(limit)}`,
      values,
    });
    return rows.map(toRunRecord);
  }

  /** Runs for which a condition on `execution e` holds, in order of their start. `condition` has parameters from $1 on. */
  async listWhere(condition: FilterSql, direction: 'asc' | 'desc', after: RunPosition | undefined, limit: number): Promise<RunRecord[]> {
    const values = [...condition.values];
    const value = (next: unknown): string => `$${values.push(next)}`;
    const conditions = [condition.text];
    if (after !== undefined) {
      conditions.push(`(e.started_at_ms, e.run_id) ${direction === 'asc' ? '>' : '<'} (${value(after.startedAtMs)}::bigint, ${value(after.runId)}::uuid)`);
    }
    const rows = await this.#database.query<RunRecordRow>({
      text: `SELECT ${RUN_RECORD_COLUMNS} FROM ${SCHEMA}.execution e WHERE ${conditions.join(' AND ')}
        ORDER BY e.started_at_ms ${direction}, e.run_id ${direction} LIMIT ${value(limit)}`,
      values,
    });
    return rows.map(toRunRecord);
  }

  /** How many runs there are for which a condition on `execution e` holds, by status. */
  async countWhere({ text, values }: FilterSql): Promise<{ status: WorkflowExecutionStatus; count: number }[]> {
    const rows = await this.#database.query<{ status: WorkflowExecutionStatus; count: string }>({
      text: `SELECT e.status, count(*) AS count FROM ${SCHEMA}.execution e WHERE ${text} GROUP BY e.status ORDER BY e.status`,
      values,
    });
    return rows.map(({ status, count }) => ({ status, count: Number(count) }));
  }

  /** Events of the workflow's current run, or of that run of it, behind an event id, at most `limit`; undefined for an unknown one. */
  async readHistory(workflowId: string, runId: string | undefined, afterEventId: number, limit: number): Promise<{ runId: string; events: HistoryEvent[]; lastEventId: number } | undefined> {
    const rows = await this.#database.query<{ run_id: string; next_event_id: number; histories: string[] | null }>({
      text: `SELECT e.run_id, e.next_event_id,
          (SELECT array_agg(h.events::text ORDER BY h.first_event_id) FROM ${SCHEMA}.history h
           WHERE h.run_id = e.run_id AND h.last_event_id > $2 AND h.first_event_id <= $3) AS histories
        FROM ${SCHEMA}.execution e WHERE e.workflow_id = $1 AND ${runId === undefined ? 'e.is_current' : 'e.run_id = $4::uuid'}`,
      values: [workflowId, afterEventId, afterEventId + limit, ...(runId === undefined ? [] : [runId])],
    });
    const [row] = rows;
    if (row === undefined) {
      return undefined;
    }
    const events = (row.histories ?? [])
      .flatMap((text) => JSON.parse(text) as HistoryEvent[])
      .filter(({ eventId }) => eventId > afterEventId && eventId <= afterEventId + limit);
    return { runId: row.run_id, events, lastEventId: row.next_event_id - 1 };
  }

  /** The workflow's current run, if its chain began with that run. */
  async currentRunOfChain(workflowId: string, firstRunId: string): Promise<string | undefined> {
    const rows = await this.#database.query<{ run_id: string }>({
      name: 'backstitch_current_of_chain',
      text: `SELECT e.run_id FROM ${SCHEMA}.execution e WHERE e.workflow_id = $1 AND e.is_current AND coalesce(e.first_run_id, e.run_id) = $2::uuid`,
      values: [workflowId, firstRunId],
    });
    return rows[0]?.run_id;
  }

  /** Open incidents of all runs, oldest first. */
  async listOpenIncidents(after: IncidentPosition | undefined, limit: number): Promise<ListedIncident[]> {
    const rows = await this.#database.query<{ workflow_id: string; run_id: string; workflow_type: string; incident: string }>({
      text: `SELECT e.workflow_id, e.run_id, e.workflow_type, i.incident::text AS incident
        FROM ${SCHEMA}.incident i JOIN ${SCHEMA}.execution e ON e.run_id = i.run_id
        WHERE i.is_open AND ($1::bigint IS NULL OR (i.opened_at_ms, i.run_id, i.incident_number) > ($1::bigint, $2::uuid, $3::integer))
        ORDER BY i.opened_at_ms, i.run_id, i.incident_number LIMIT $4`,
      values: [after?.openedAtMs ?? null, after?.runId ?? null, after?.incidentNumber ?? null, limit],
    });
    return rows.map((row) => ({ ...(JSON.parse(row.incident) as Incident), workflowId: row.workflow_id, runId: row.run_id, workflowType: row.workflow_type }));
  }

  /** The earliest time at which a run of these partitions wants to be woken. */
  async earliestWakeAtMs(partitions: readonly number[]): Promise<number | undefined> {
    const rows = await this.#database.query<{ wake_at_ms: string }>({
      name: 'backstitch_earliest_wake',
      text: `SELECT e.wake_at_ms FROM ${SCHEMA}.execution e
        WHERE e.status = 'RUNNING' AND e.wake_at_ms IS NOT NULL AND e.partition = ANY ($1::smallint[])
          AND (e.build_id = $2 OR ($3 AND e.build_id IS NULL)) ORDER BY e.wake_at_ms LIMIT 1`,
      values: [partitions, ...this.#servedValues],
    });
    return rows[0] === undefined ? undefined : Number(rows[0].wake_at_ms);
  }

  /** A page of the runs of these partitions that are due, longest due first. */
  async dueRuns(partitions: readonly number[], nowMs: number, after: DuePosition | undefined, limit: number): Promise<DuePosition[]> {
    const rows = await this.#database.query<{ run_id: string; wake_at_ms: string }>({
      name: 'backstitch_due',
      text: `SELECT e.run_id, e.wake_at_ms FROM ${SCHEMA}.execution e
        WHERE e.status = 'RUNNING' AND e.wake_at_ms IS NOT NULL AND e.wake_at_ms <= $2 AND e.partition = ANY ($1::smallint[])
          AND ($3::bigint IS NULL OR (e.wake_at_ms, e.run_id) > ($3::bigint, $4::uuid)) AND (e.build_id = $6 OR ($7 AND e.build_id IS NULL))
        ORDER BY e.wake_at_ms, e.run_id LIMIT $5`,
      values: [partitions, Math.floor(nowMs), after?.wakeAtMs ?? null, after?.runId ?? null, limit, ...this.#servedValues],
    });
    return rows.map((row) => ({ runId: row.run_id, wakeAtMs: Number(row.wake_at_ms) }));
  }

  /** A page of the runs of these partitions that have open activities and were created by then, in order of run id. */
  async runIdsWithOpenActivities(partitions: readonly number[], createdUntilMs: number, afterRunId: string | undefined, limit: number): Promise<string[]> {
    const rows = await this.#database.query<{ run_id: string }>({
      name: 'backstitch_open_activities',
      text: `SELECT e.run_id FROM ${SCHEMA}.execution e
        WHERE e.open_activities > 0 AND e.partition = ANY ($1::smallint[]) AND ($2::uuid IS NULL OR e.run_id > $2::uuid)
          AND e.started_at_ms <= $4 AND (e.build_id = $5 OR ($6 AND e.build_id IS NULL))
        ORDER BY e.run_id LIMIT $3`,
      values: [partitions, afterRunId ?? null, limit, Math.floor(createdUntilMs), ...this.#servedValues],
    });
    return rows.map(({ run_id }) => run_id);
  }

  /** A page of the runs of these partitions that wait for an answer of other runs, in order of run id. */
  async runIdsWithOpenCalls(partitions: readonly number[], afterRunId: string | undefined, limit: number): Promise<string[]> {
    const rows = await this.#database.query<{ run_id: string }>({
      name: 'backstitch_open_calls',
      text: `SELECT e.run_id FROM ${SCHEMA}.execution e
        WHERE e.open_calls > 0 AND e.partition = ANY ($1::smallint[]) AND ($2::uuid IS NULL OR e.run_id > $2::uuid)
          AND (e.build_id = $4 OR ($5 AND e.build_id IS NULL)) ORDER BY e.run_id LIMIT $3`,
      values: [partitions, afterRunId ?? null, limit, ...this.#servedValues],
    });
    return rows.map(({ run_id }) => run_id);
  }

  /** As {@link runIdsWithOpenActivities}, of those alone that nothing was written of for `silentForMs`, by the database's clock, or that started at `startedUntilMs` at the latest. */
  async silentRuns(
    partitions: readonly number[],
    { silentForMs, startedUntilMs }: { silentForMs: number; startedUntilMs: number },
    afterRunId: string | undefined,
    limit: number,
  ): Promise<{ runId: string; workflowId: string; silentForMs: number }[]> {
    const rows = await this.#database.query<{ run_id: string; workflow_id: string; silent_for_ms: string }>({
      name: 'backstitch_silent',
      text: `SELECT e.run_id, e.workflow_id, (extract(epoch FROM now() - e.updated_at) * 1000)::bigint AS silent_for_ms FROM ${SCHEMA}.execution e
        WHERE e.open_activities > 0 AND e.partition = ANY ($1::smallint[]) AND ($3::uuid IS NULL OR e.run_id > $3::uuid)
          AND (e.updated_at <= now() - $2 * interval '1 millisecond' OR e.started_at_ms <= $7) AND (e.build_id = $5 OR ($6 AND e.build_id IS NULL))
        ORDER BY e.run_id LIMIT $4`,
      values: [partitions, silentForMs, afterRunId ?? null, limit, ...this.#servedValues, Math.floor(startedUntilMs)],
    });
    return rows.map((row) => ({ runId: row.run_id, workflowId: row.workflow_id, silentForMs: Number(row.silent_for_ms) }));
  }

  /** What is open in all, for metrics: counted from partial indexes. */
  async countOpen(): Promise<OpenCounts> {
    const [row] = await this.#database.query<{ running: string; activities: string | null; incidents: { kind: IncidentKind; count: number }[] | null }>({
      text: `SELECT (SELECT count(*) FROM ${SCHEMA}.execution WHERE status = 'RUNNING') AS running,
        (SELECT sum(open_activities) FROM ${SCHEMA}.execution WHERE open_activities > 0) AS activities,
        (SELECT json_agg(k) FROM (SELECT kind, count(*)::integer AS count FROM ${SCHEMA}.incident WHERE is_open GROUP BY kind) k) AS incidents`,
    });
    return { runningWorkflows: Number(row?.running ?? 0), openActivities: Number(row?.activities ?? 0), openIncidents: row?.incidents ?? [] };
  }
}
