import type { HistoryEvent } from '@backstitch/protocol';
import pg from 'pg';
import { DatabaseUnreadableError, UsageError } from '../errors.js';
import type { OpenRunsFilter } from './control-histories.js';
import type { RunHistory } from './replay-histories.js';

export interface DatabaseOptions extends OpenRunsFilter {
  /** May hold the password. */
  url: string;
  password?: string | undefined;
  /** Schema of the orchestrator's tables. Default `orchestrator`. */
  schema?: string | undefined;
}

/** Runs that are looked at in one query; their histories are read a few at a time. */
const PAGE_RUNS = 200;
const HISTORIES_RUNS_MAX = 50;
const HISTORIES_BYTES_MAX = 16 * 1024 * 1024;
const STATEMENT_TIMEOUT_MS = 30_000;

interface OpenRun {
  run_id: string;
  workflow_id: string;
  bytes: string;
}

/**
 * The open runs in an orchestrator's database, in order of their run ids, each with its history. Reads only, page by page; needs a role that may read the
 * tables `execution` and `history`. @throws DatabaseUnreadableError, UsageError
 */
export async function* databaseHistories({ url, password, schema = 'orchestrator', workflowType, limit = Infinity, onCount }: DatabaseOptions): AsyncIterable<RunHistory> {
  if (!/^[a-z_][a-z0-9_]*$/i.test(schema)) throw new UsageError(`"${schema}" is no name of a schema.`);
  const client = new pg.Client({
    connectionString: url,
    ...(password !== undefined && { password }),
    application_name: 'backstitch replay',
    connectionTimeoutMillis: 10_000,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    options: '-c default_transaction_read_only=on',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (onCount !== undefined) onCount(Math.min(limit, await countOpenRuns(client, schema, workflowType)));
    let read = 0;
    for (let after: string | undefined, isLast = false; !isLast && read < limit; ) {
      const { rows } = await client.query<OpenRun>(
        `SELECT e.run_id, e.workflow_id, e.history_size_bytes AS bytes FROM "${schema}".execution e
         WHERE e.status = 'RUNNING' AND ($1::uuid IS NULL OR e.run_id > $1::uuid) AND ($2::text IS NULL OR e.workflow_type = $2) ORDER BY e.run_id LIMIT $3`,
        [after ?? null, workflowType ?? null, Math.min(PAGE_RUNS, limit - read)],
      );
      for (const group of inGroups(rows)) yield* histories(client, schema, group);
      read += rows.length;
      after = rows.at(-1)?.run_id;
      isLast = rows.length < PAGE_RUNS;
    }
  } catch (error) {
    throw databaseError(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function countOpenRuns(client: pg.Client, schema: string, workflowType: string | undefined): Promise<number> {
  const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM "${schema}".execution e WHERE e.status = 'RUNNING' AND ($1::text IS NULL OR e.workflow_type = $1)`, [workflowType ?? null]);
  return Number(rows[0]?.count ?? 0);
}

async function* histories(client: pg.Client, schema: string, runs: readonly OpenRun[]): AsyncIterable<RunHistory> {
  const { rows } = await client.query<{ run_id: string; histories: string[] }>(
    `SELECT h.run_id, array_agg(h.events::text ORDER BY h.first_event_id) AS histories FROM "${schema}".history h WHERE h.run_id = ANY ($1::uuid[]) GROUP BY h.run_id`,
    [runs.map(({ run_id }) => run_id)],
  );
  const found = new Map(rows.map((row) => [row.run_id, row.histories]));
  for (const { run_id: runId, workflow_id: workflowId } of runs) {
    const texts = found.get(runId);
    // A run can be removed between two looks.
    if (texts !== undefined) yield { workflowId, runId, events: texts.flatMap((text) => JSON.parse(text) as HistoryEvent[]) };
    found.delete(runId);
  }
}

function* inGroups(runs: readonly OpenRun[]): Iterable<OpenRun[]> {
  let group: OpenRun[] = [];
  let bytes = 0;
  for (const run of runs) {
    if (group.length >= HISTORIES_RUNS_MAX || (group.length > 0 && bytes + Number(run.bytes) > HISTORIES_BYTES_MAX)) {
      yield group;
      [group, bytes] = [[], 0];
    }
    group.push(run);
    bytes += Number(run.bytes);
  }
  if (group.length > 0) yield group;
}

/** What `pg` throws is told without the URL, which may hold a password. */
function databaseError(error: unknown): unknown {
  const { code, message } = error as { code?: string; message?: string };
  if (error instanceof AggregateError || (code !== undefined && message !== undefined)) {
    const reason = error instanceof AggregateError ? String(code ?? 'no answer') : message;
    return new DatabaseUnreadableError(code === '42P01' ? 'The database has no tables of an orchestrator there (see --schema).' : `The database cannot be read: ${reason ?? ''}`, { cause: error });
  }
  return error;
}
