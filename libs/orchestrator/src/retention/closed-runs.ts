import type { RunKeys } from '@backstitch/protocol';
import type { Database } from '../store/database.js';
import { SCHEMA } from '../store/schema.js';

export interface RemovedBatch {
  runs: number;
  /** There were more than the batch could hold. */
  isFull: boolean;
}

/**
 * Runs are chosen and removed by one statement, and so in one short transaction. A run that somebody is at just now is left for the next time, so that
 * nobody waits: neither this for a commit nor a commit for this. A run with an open incident stays: a person has still to look at it; and so does one that owes
 * its parent or its children a word.
 */
const REMOVE = `WITH due AS MATERIALIZED (
  SELECT run_id, closed_at_ms, history_size_bytes FROM ${SCHEMA}.execution
  WHERE closed_at_ms IS NOT NULL AND open_incidents = 0 AND open_calls = 0 AND closed_at_ms <= $1 AND status <> 'RUNNING'
  ORDER BY closed_at_ms LIMIT $2 FOR UPDATE SKIP LOCKED
), chosen AS MATERIALIZED (
  SELECT run_id FROM (
    SELECT run_id, sum(history_size_bytes) OVER (ORDER BY closed_at_ms, run_id) - history_size_bytes AS bytes_before FROM due
  ) AS counted WHERE bytes_before < $3
), history_removed AS (
  DELETE FROM ${SCHEMA}.history h USING chosen c WHERE h.run_id = c.run_id
), attempts_removed AS (
  DELETE FROM ${SCHEMA}.attempt a USING chosen c WHERE a.run_id = c.run_id
), incidents_removed AS (
  DELETE FROM ${SCHEMA}.incident i USING chosen c WHERE i.run_id = c.run_id
), locks_removed AS (
  DELETE FROM ${SCHEMA}.lock_request l USING chosen c WHERE l.run_id = c.run_id
), notes_removed AS (
  DELETE FROM ${SCHEMA}.run_note n USING chosen c WHERE n.run_id = c.run_id
), removed AS (
  DELETE FROM ${SCHEMA}.execution e USING chosen c WHERE e.run_id = c.run_id RETURNING e.run_id
)
SELECT (SELECT count(*) FROM removed)::integer AS runs, (SELECT count(*) FROM due)::integer AS due`;

/** What retention reads and removes. */
export class ClosedRuns {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Removes runs that had closed by then, the longest closed first, with all that is known of them: at most `runsMax`, and no more once their histories
   * come to `bytesMax` (one run goes whatever its size).
   * @throws StoreUnavailableError
   */
  async remove(closedUntilMs: number, runsMax: number, bytesMax: number): Promise<RemovedBatch> {
    const [row] = await this.#database.query<{ runs: number; due: number }>({ text: REMOVE, values: [Math.floor(closedUntilMs), runsMax, bytesMax] });
    const { runs, due } = row ?? { runs: 0, due: 0 };
    return { runs, isFull: due === runsMax || runs < due };
  }

  /** Those of the runs that do not exist. @throws StoreUnavailableError */
  async gone(runs: readonly RunKeys[]): Promise<RunKeys[]> {
    // An id that is no run id of ours is not ours to call gone.
    const ours = runs.filter(({ runId }) => UUID.test(runId));
    if (ours.length === 0) {
      return [];
    }
    const rows = await this.#database.query<{ run_id: string }>({
      name: 'backstitch_existing',
      text: `SELECT run_id FROM ${SCHEMA}.execution WHERE run_id = ANY ($1::uuid[])`,
      values: [ours.map(({ runId }) => runId)],
    });
    const existing = new Set(rows.map(({ run_id }) => run_id));
    return ours.filter(({ runId }) => !existing.has(runId.toLowerCase()));
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
