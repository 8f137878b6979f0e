import { createHash } from 'node:crypto';
import type { Statement } from './statement-batch.js';

const ISOLATION_LEVEL = /^[A-Z ]+$/;
const begins = new Map<string, Statement>();

export const COMMIT = statement('COMMIT');

/** Opens a transaction of the data source's isolation level. */
export function beginStatement({ isolationLevel }: { isolationLevel?: string }): Statement {
  const level = isolationLevel ?? '';
  let found = begins.get(level);
  if (found === undefined) {
    if (level !== '' && !ISOLATION_LEVEL.test(level)) throw new TypeError(`Not an isolation level: ${level}`);
    found = statement(level === '' ? 'BEGIN' : `BEGIN ISOLATION LEVEL ${level}`);
    begins.set(level, found);
  }
  return found;
}

/** The statements of one inbox table. $1 is always the key, or the name of its lock. */
export function inboxStatements(table: string) {
  return {
    /** Fails if another delivery holds the lock: what cannot be cast is what the server's log shows. */
    lockOrFail: statement(
      `SELECT (CASE WHEN pg_try_advisory_xact_lock(hashtextextended($1, 0)) THEN '0' ELSE 'backstitch: another delivery of this step is running' END)::int`,
    ),
    /** Fails if the inbox knows the key. A statement of its own, after the lock: its snapshot sees what was committed before the lock came free. */
    absentOrFail: statement(
      `SELECT (CASE WHEN EXISTS (SELECT FROM ${table} WHERE key = $1) THEN 'backstitch: a repeated delivery of a known step' ELSE '0' END)::int`,
    ),
    setLockWait: statement(`SELECT set_config('lock_timeout', $1, true)`),
    lock: statement('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))'),
    find: statement(
      `SELECT encode(input_hash, 'hex'), state, result, checkpoint, (undone_at IS NOT NULL)::int FROM ${table} WHERE key = $1 FOR UPDATE`,
    ),
    insertCompleted: statement(
      `INSERT INTO ${table} (key, activity_type, input_hash, state, result, completed_at) VALUES ($1, $2, $3, 'completed', $4, now())`,
    ),
    updateCompleted: statement(
      `UPDATE ${table} SET state = 'completed', result = $2, completed_at = now() WHERE key = $1 AND undone_at IS NULL RETURNING key`,
    ),
    putTombstone: statement(
      `INSERT INTO ${table} AS step (key, activity_type, state, undone_at) VALUES ($1, $2, 'absent', now())
       ON CONFLICT (key) DO UPDATE SET undone_at = COALESCE(step.undone_at, EXCLUDED.undone_at)
       RETURNING state, result`,
    ),
    /** The same by itself, unless the step is one that began elsewhere and may be running: no row then. */
    putTombstoneAlone: statement(
      `INSERT INTO ${table} AS step (key, activity_type, state, undone_at) VALUES ($1, $2, 'absent', now())
       ON CONFLICT (key) DO UPDATE SET undone_at = COALESCE(step.undone_at, EXCLUDED.undone_at) WHERE step.state <> 'started'
       RETURNING jsonb_build_object('state', state, 'result', result)`,
    ),
  };
}

export type InboxStatements = ReturnType<typeof inboxStatements>;

function statement(text: string): Statement {
  return { name: `backstitch_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`, text };
}
