import type { RunRecord } from '@backstitch/engine';
import type { Database } from '../store/database.js';
import { RUN_RECORD_COLUMNS, toRunRecord, type RunRecordRow } from '../store/run-record-row.js';
import { SCHEMA } from '../store/schema.js';

export interface ClosedRuns {
  closed: RunRecord[];
  unknown: string[];
}

/** Which of these workflows are closed, and which there are none of; what still runs is not read. */
export async function findClosedRuns(database: Database, workflowIds: readonly string[]): Promise<ClosedRuns> {
  const rows = await database.query<Partial<RunRecordRow> & { asked: string; run_id: string | null }>({
    name: 'backstitch_find_closed',
    text: `SELECT w.asked, ${RUN_RECORD_COLUMNS} FROM unnest($1::text[]) AS w (asked) LEFT JOIN ${SCHEMA}.execution e ON e.workflow_id = w.asked
      WHERE e.status IS DISTINCT FROM 'RUNNING'`,
    values: [workflowIds],
  });
  return {
    closed: rows.filter(({ run_id: runId }) => runId !== null).map((row) => toRunRecord(row as RunRecordRow)),
    unknown: rows.filter(({ run_id: runId }) => runId === null).map(({ asked }) => asked),
  };
}
