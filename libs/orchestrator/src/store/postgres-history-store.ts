import type { AppendResult, AttemptRecord, HistoryStore, RunAppend, RunRecord, StoredRun } from '@backstitch/engine';
import type { HistoryEvent, Incident } from '@backstitch/protocol';
import { commitLinked, isLinked } from './commit-linked.js';
import { commitStatement, type CommitAnswer } from './commit-statement.js';
import { isDataFault } from './database-faults.js';
import type { Database } from './database.js';
import { RUN_RECORD_COLUMNS, toRunRecord, type RunRecordRow } from './run-record-row.js';
import { SCHEMA } from './schema.js';

/** What was read of an append that Postgres refuses for its content, for instance a NUL in a workflow id. Not to be tried again. */
export class AppendRefusedError extends Error {
  override readonly name = 'AppendRefusedError';
  readonly code = 'APPEND_REFUSED';
  constructor(
    readonly runIds: readonly string[],
    options: { cause: unknown },
  ) {
    super(`Postgres refuses the append of run ${runIds.join(', ')}.`, options);
  }
}

const COMMITTED: AppendResult = { status: 'committed' };

/** The truth in Postgres. See {@link HistoryStore} for its guarantees; one commit is one statement, save where runs take each other's place. */
export class PostgresHistoryStore implements HistoryStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async commit(appends: readonly RunAppend[]): Promise<AppendResult[]> {
    if (appends.length === 0) {
      return [];
    }
    const { passed: count, run_ids: runIds } = await this.#write(appends);
    return count === appends.length ? appends.map(() => COMMITTED) : this.#answers(appends, new Set(runIds));
  }

  /** What those that passed came to, and those that did not. */
  async #answers(appends: readonly RunAppend[], passed: ReadonlySet<string>): Promise<AppendResult[]> {
    const taken = await this.#existing(appends.filter(({ isNew, record }) => isNew && !passed.has(record.runId)));
    return appends.map(({ record, isNew, after }): AppendResult => {
      if (passed.has(record.runId)) {
        return COMMITTED;
      }
      const existing = isNew && (after === undefined || passed.has(after)) ? (taken.get(record.runId) ?? taken.get(record.workflowId)) : undefined;
      return existing === undefined ? { status: 'stale' } : { status: 'exists', existing };
    });
  }

  async load(runIds: readonly string[]): Promise<StoredRun[]> {
    if (runIds.length === 0) {
      return [];
    }
    // One statement, so that all parts of a run are of the same moment.
    const rows = await this.#database.query<StoredRunRow>({
      name: 'backstitch_load',
      text: `SELECT ${RUN_RECORD_COLUMNS},
        (SELECT array_agg(h.events::text ORDER BY h.first_event_id) FROM ${SCHEMA}.history h WHERE h.run_id = e.run_id) AS histories,
        (SELECT array_agg(a.record::text ORDER BY a.scheduled_event_id) FROM ${SCHEMA}.attempt a WHERE a.run_id = e.run_id) AS attempts,
        (SELECT array_agg(i.incident::text ORDER BY i.incident_number) FROM ${SCHEMA}.incident i WHERE i.run_id = e.run_id) AS incidents
        FROM ${SCHEMA}.execution e WHERE e.run_id = ANY ($1::uuid[])`,
      values: [runIds],
    });
    return rows.map((row) => ({
      record: toRunRecord(row),
      events: (row.histories ?? []).flatMap((events) => JSON.parse(events) as HistoryEvent[]),
      attempts: (row.attempts ?? []).map((attempt) => JSON.parse(attempt) as AttemptRecord),
      incidents: (row.incidents ?? []).map((incident) => JSON.parse(incident) as Incident),
    }));
  }

  async findByWorkflowIds(workflowIds: readonly string[]): Promise<RunRecord[]> {
    if (workflowIds.length === 0) {
      return [];
    }
    const rows = await this.#database.query<RunRecordRow>({
      name: 'backstitch_find',
      text: `SELECT ${RUN_RECORD_COLUMNS} FROM ${SCHEMA}.execution e WHERE e.workflow_id = ANY ($1::text[]) AND e.is_current`,
      values: [workflowIds],
    });
    return rows.map(toRunRecord);
  }

  async #write(appends: readonly RunAppend[]): Promise<CommitAnswer> {
    try {
      if (appends.some(isLinked)) {
        return await this.#database.transaction((query) => commitLinked(query, appends));
      }
      const [answer] = await this.#database.query<CommitAnswer>(commitStatement(appends));
      return answer ?? { passed: 0, run_ids: null };
    } catch (error) {
      if (isDataFault(error)) {
        throw new AppendRefusedError(appends.map(({ record }) => record.runId), { cause: error });
      }
      throw error;
    }
  }

  /** What stands in the way of new runs: under its run id where it is that very run, else under its workflow id. */
  async #existing(appends: readonly RunAppend[]): Promise<Map<string, RunRecord>> {
    if (appends.length === 0) {
      return new Map();
    }
    const rows = await this.#database.query<RunRecordRow & { is_current: boolean }>({
      name: 'backstitch_existing_runs',
      text: `SELECT ${RUN_RECORD_COLUMNS}, e.is_current FROM ${SCHEMA}.execution e WHERE e.workflow_id = ANY ($1::text[]) AND e.is_current
        UNION ALL SELECT ${RUN_RECORD_COLUMNS}, e.is_current FROM ${SCHEMA}.execution e WHERE e.run_id = ANY ($2::uuid[]) AND NOT e.is_current`,
      values: [appends.map(({ record }) => record.workflowId), appends.map(({ record }) => record.runId)],
    });
    const records = rows.map((row) => ({ record: toRunRecord(row), isCurrent: row.is_current }));
    return new Map([
      ...records.filter(({ isCurrent }) => isCurrent).map(({ record }) => [record.workflowId, record] as const),
      ...records.map(({ record }) => [record.runId, record] as const),
    ]);
  }
}

type StoredRunRow = RunRecordRow & { histories: string[] | null; attempts: string[] | null; incidents: string[] | null };
