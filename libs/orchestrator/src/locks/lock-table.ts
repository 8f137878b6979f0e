import type { ActivityJob } from '@backstitch/protocol';
import type { Database, RunStatement } from '../store/database.js';
import { SCHEMA } from '../store/schema.js';

/** What of an attempt's job is needed to answer it. */
export type LockJob = Pick<ActivityJob, 'workflowId' | 'runId' | 'scheduledEventId' | 'attempt' | 'dispatch' | 'key'>;

/** `barred`: it was released before, and is never granted any more. */
export type LockState = 'granted' | 'waiting' | 'barred';

export interface RunLock {
  name: string;
  status: 'WAITING' | 'HELD';
  sinceMs: number;
}

/** Postgres has no text with NUL in it. */
const nameOf = (name: string): string => name.replaceAll('\0', '\uFFFD');

/**
 * Named locks in Postgres. Requests of a name are served in the order of asking; each change of a name's requests is made under an advisory lock of that name,
 * so that two replicas never both grant it. Every method @throws StoreUnavailableError
 */
export class LockTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Asks for a lock, or asks again: the place in the queue stays, and whoever is answered is the newest attempt. */
  async acquire(name: string, job: LockJob, nowMs: number): Promise<LockState> {
    return this.#database.transaction(async (query) => {
      await lockName(query, name);
      const [row] = await query<{ is_released: boolean; granted_at_ms: string | null }>({
        text: `INSERT INTO ${SCHEMA}.lock_request AS l (key, lock_name, run_id, workflow_id, job, requested_at_ms) VALUES ($1, $2, $3, $4, $5, $6)
          ON CONFLICT (key) DO UPDATE SET job = excluded.job RETURNING l.is_released, l.granted_at_ms`,
        values: [job.key, nameOf(name), job.runId, job.workflowId, JSON.stringify(lockJobOf(job)), Math.floor(nowMs)],
      });
      if (row?.is_released === true) return 'barred';
      const granted = await grantNext(query, name, nowMs);
      return row?.granted_at_ms !== null || granted?.key === job.key ? 'granted' : 'waiting';
    });
  }

  /** Gives the lock of that key back, or up, and bars it. Answers whose turn it is now, if that one waited. */
  async release(name: string, key: string, { runId, workflowId }: Pick<LockJob, 'runId' | 'workflowId'>, nowMs: number): Promise<LockJob | undefined> {
    return this.#database.transaction(async (query) => {
      await lockName(query, name);
      await query({
        text: `INSERT INTO ${SCHEMA}.lock_request (key, lock_name, run_id, workflow_id, is_released, requested_at_ms) VALUES ($1, $2, $3, $4, true, $5)
          ON CONFLICT (key) DO UPDATE SET is_released = true`,
        values: [key, nameOf(name), runId, workflowId, Math.floor(nowMs)],
      });
      return grantNext(query, name, nowMs);
    });
  }

  /** Gives up a request that was not granted. False: it was, or there is none. */
  async giveUp(key: string): Promise<boolean> {
    const rows = await this.#database.query<{ key: string }>({
      text: `UPDATE ${SCHEMA}.lock_request SET is_released = true WHERE key = $1 AND NOT is_released AND granted_at_ms IS NULL RETURNING key`,
      values: [key],
    });
    return rows.length === 1;
  }

  /** Locks that a run holds or waits for, in order of asking. */
  async ofRun(runId: string): Promise<RunLock[]> {
    const rows = await this.#database.query<{ lock_name: string; requested_at_ms: string; granted_at_ms: string | null }>({
      text: `SELECT lock_name, requested_at_ms, granted_at_ms FROM ${SCHEMA}.lock_request WHERE run_id = $1::uuid AND NOT is_released ORDER BY ordinal`,
      values: [runId],
    });
    return rows.map((row) => ({
      name: row.lock_name,
      status: row.granted_at_ms === null ? 'WAITING' : 'HELD',
      sinceMs: Number(row.granted_at_ms ?? row.requested_at_ms),
    }));
  }

  /** Keys of requests whose run is closed, with nothing left that would release them: no run that continued it, and no rollback of it. */
  async abandoned(limit: number): Promise<{ name: string; key: string; runId: string; workflowId: string }[]> {
    const rows = await this.#database.query<{ lock_name: string; key: string; run_id: string; workflow_id: string }>({
      text: `SELECT l.lock_name, l.key, l.run_id, l.workflow_id FROM ${SCHEMA}.lock_request l LEFT JOIN ${SCHEMA}.execution e ON e.run_id = l.run_id
        WHERE NOT l.is_released AND e.status IS DISTINCT FROM 'RUNNING'
          AND NOT EXISTS (SELECT 1 FROM ${SCHEMA}.execution n WHERE n.workflow_id = e.workflow_id AND n.is_current AND n.status = 'RUNNING'
            AND coalesce(n.first_run_id, n.run_id) = coalesce(e.first_run_id, e.run_id))
          AND NOT EXISTS (SELECT 1 FROM ${SCHEMA}.execution r WHERE r.status = 'RUNNING' AND r.workflow_type = 'backstitch.rollback'
            AND starts_with(r.workflow_id, 'backstitch.rollback:' || l.run_id || ':'))
        ORDER BY l.ordinal LIMIT $1`,
      values: [limit],
    });
    return rows.map((row) => ({ name: row.lock_name, key: row.key, runId: row.run_id, workflowId: row.workflow_id }));
  }
}

async function lockName(query: RunStatement, name: string): Promise<void> {
  await query({ text: `SELECT pg_advisory_xact_lock(hashtextextended('backstitch lock ' || $1, 0))`, values: [nameOf(name)] });
}

/** Grants the lock to the first who asked, if that one has not got it yet. */
async function grantNext(query: RunStatement, name: string, nowMs: number): Promise<LockJob | undefined> {
  const [row] = await query<{ job: LockJob | string }>({
    text: `UPDATE ${SCHEMA}.lock_request SET granted_at_ms = $2
      WHERE key = (SELECT key FROM ${SCHEMA}.lock_request WHERE lock_name = $1 AND NOT is_released ORDER BY ordinal LIMIT 1) AND granted_at_ms IS NULL RETURNING job::text AS job`,
    values: [nameOf(name), Math.floor(nowMs)],
  });
  return row === undefined ? undefined : (typeof row.job === 'string' ? (JSON.parse(row.job) as LockJob) : row.job);
}

function lockJobOf({ workflowId, runId, scheduledEventId, attempt, dispatch, key }: LockJob): LockJob {
  return { workflowId, runId, scheduledEventId, attempt, dispatch, key };
}
