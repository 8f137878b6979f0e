import type { RunRecord } from '@backstitch/engine';
import type { Database } from '../store/database.js';
import { RUN_RECORD_COLUMNS, toRunRecord, type RunRecordRow } from '../store/run-record-row.js';
import { SCHEMA } from '../store/schema.js';

export interface ClosedRuns {
  closed: ClosedRun[];
  unknown: string[];
}

export interface ClosedRun extends RunRecord {
  /** The run that goes on in its place, in the same chain. */
  continuedToRunId?: string;
}

/** One run of a workflow, and whether those that continue it count in its place. */
export interface AwaitedRun {
  runId: string;
  followRuns: boolean;
}

/** Which of these workflows' current runs are closed, and which workflows there are none of; what still runs is not read. */
export async function findClosedRuns(database: Database, workflowIds: readonly string[]): Promise<ClosedRuns> {
  const rows = await database.query<Partial<RunRecordRow> & { asked: string; run_id: string | null }>({
    name: 'backstitch_find_closed',
    text: `SELECT w.asked, ${RUN_RECORD_COLUMNS} FROM unnest($1::text[]) AS w (asked) LEFT JOIN ${SCHEMA}.execution e ON e.workflow_id = w.asked AND e.is_current
      WHERE e.status IS DISTINCT FROM 'RUNNING'`,
    values: [workflowIds],
  });
  return {
    closed: rows.filter(({ run_id: runId }) => runId !== null).map((row) => toRunRecord(row as RunRecordRow)),
    unknown: rows.filter(({ run_id: runId }) => runId === null).map(({ asked }) => asked),
  };
}

/**
 * Whether that run is closed; with `followRuns` the last of those that continued it, were its retries, or followed it by cron. A run that merely took its
 * workflow id later is none of them.
 */
export async function findClosedRun(database: Database, workflowId: string, { runId, followRuns }: AwaitedRun): Promise<ClosedRuns> {
  const rows = await database.query<RunRecordRow & { continued_to: string | null }>({
    name: 'backstitch_find_chain',
    text: `WITH RECURSIVE chain AS (
        SELECT run_id, replaced_by, coalesce(first_run_id, run_id) AS first_run_id, status, 1 AS place
        FROM ${SCHEMA}.execution WHERE run_id = $2::uuid AND workflow_id = $1
        UNION ALL
        SELECT n.run_id, n.replaced_by, c.first_run_id, n.status, c.place + 1
        FROM chain c JOIN ${SCHEMA}.execution n ON n.run_id = c.replaced_by
        WHERE c.status <> 'TERMINATED' AND n.first_run_id = c.first_run_id AND ($3 OR c.place = 0)
      )
      SELECT ${RUN_RECORD_COLUMNS}, (
          SELECT n.run_id FROM ${SCHEMA}.execution n
          WHERE n.run_id = c.replaced_by AND n.first_run_id = c.first_run_id AND c.status <> 'TERMINATED'
        ) AS continued_to
      FROM (SELECT * FROM chain ORDER BY place DESC LIMIT 1) c JOIN ${SCHEMA}.execution e ON e.run_id = c.run_id`,
    values: [workflowId, runId, followRuns],
  });
  const [row] = rows;
  if (row === undefined) {
    return { closed: [], unknown: [workflowId] };
  }
  const closed = row.status === 'RUNNING' ? [] : [{ ...toRunRecord(row), ...(row.continued_to !== null && { continuedToRunId: row.continued_to }) }];
  return { closed, unknown: [] };
}
