import type { JsonValue } from '@backstitch/protocol';
import type { UndoneStep } from '../context/activity-info.js';
import { ApplicationFailure } from '../errors/application-failure.js';
import { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';
import { inboxTable } from './create-inbox-migration.js';
import { isLockTimeout } from './database-errors.js';
import type { SerializedPayload } from './serialize-payload.js';
import type { Session } from './session.js';

/** What an attempt claims. */
export interface Claim {
  key: string;
  activityType: string;
  inputHash: Buffer;
  undoOf?: { key: string; activityType: string };
  supersedesKey?: string;
}

export type Claimed =
  /** The handler is to run. */
  | { status: 'claimed'; startedBefore: boolean; checkpoint?: JsonValue; undo?: UndoneStep; superseded?: { key: string; step: 'absent' | 'started' } }
  /** An earlier delivery completed; this is its result. */
  | { status: 'repeated'; result: JsonValue };

type StepState = 'absent' | 'started' | 'completed';

interface InboxRow {
  input_hash: Buffer | null;
  state: StepState;
  result: JsonValue;
  checkpoint: JsonValue;
  undone: boolean;
}

/**
 * The idempotent inbox (law L4): one row a key. States of a row:
 *
 *   (none) → completed           transactional step: row, effect and result commit together
 *   (none) → started → completed external step: `started` is committed before the handler runs
 *   (none) → absent              an undo came first
 *   any    → the same, undone    the tombstone; from then on the step is refused
 *
 * Every method works in the transaction that is open on the session, or by itself if none is. Statements that wait for locks wait `lockWaitMs`.
 */
export class Inbox {
  private readonly table: string;

  constructor(
    schema: string | undefined,
    private readonly lockWaitMs: number,
  ) {
    this.table = inboxTable(schema);
  }

  /**
   * Puts the key, or finds out what became of it. A concurrent delivery that holds the key is waited for.
   * @throws {ApplicationFailure} stepUndone, idempotencyKeyReused, effectAlreadyHappened (none of them retryable), stepStillRunning (retryable)
   */
  async claim(session: Session, claim: Claim, initialState: 'started' | 'completed'): Promise<Claimed> {
    try {
      const inserted = await this.insert(session, claim, initialState);
      const earlier = inserted ? undefined : await this.find(session, claim);
      if (earlier?.state === 'completed') return { status: 'repeated', result: earlier.result };
      return {
        status: 'claimed',
        startedBefore: earlier !== undefined,
        checkpoint: earlier?.checkpoint ?? undefined,
        superseded: claim.supersedesKey === undefined ? undefined : await this.supersede(session, claim.supersedesKey, claim.activityType),
        undo: claim.undoOf === undefined ? undefined : await this.undo(session, claim.undoOf),
      };
    } catch (error) {
      if (isLockTimeout(error)) {
        throw ApplicationFailure.create({
          message: `The step did not come free within ${this.lockWaitMs} ms: another delivery is running.`,
          type: ACTIVITY_FAILURE_TYPE.stepStillRunning,
          cause: error,
        });
      }
      throw error;
    }
  }

  private async insert(session: Session, claim: Claim, state: 'started' | 'completed'): Promise<boolean> {
    // One round trip: the transaction's lock time-out is set on the way. The subquery runs before the insert can wait.
    const rows = await session.rows(
      `INSERT INTO ${this.table} (key, activity_type, input_hash, state, completed_at)
       SELECT $1::text, $2::text, $3::bytea, $4::text, CASE WHEN $4 = 'completed' THEN now() END
       FROM (SELECT set_config('lock_timeout', $5, true) AS lock_timeout OFFSET 0) AS settings
       WHERE settings.lock_timeout IS NOT NULL
       ON CONFLICT (key) DO NOTHING RETURNING key`,
      [claim.key, claim.activityType, claim.inputHash, state, String(this.lockWaitMs)],
    );
    return rows.length > 0;
  }

  private async find(session: Session, claim: Claim): Promise<InboxRow> {
    const [row] = await session.rows<InboxRow>(
      `SELECT input_hash, state, result, checkpoint, undone_at IS NOT NULL AS undone FROM ${this.table} WHERE key = $1 FOR UPDATE`,
      [claim.key],
    );
    if (row === undefined) throw new Error(`Inbox row ${claim.key} vanished.`);
    if (row.undone) throw stepUndone(claim.key);
    if (row.input_hash === null || !row.input_hash.equals(claim.inputHash)) {
      throw ApplicationFailure.nonRetryable(`Key ${claim.key} was used before with another input.`, ACTIVITY_FAILURE_TYPE.idempotencyKeyReused);
    }
    return row;
  }

  private async supersede(session: Session, key: string, activityType: string): Promise<{ key: string; step: 'absent' | 'started' }> {
    const { state } = await this.putTombstone(session, key, activityType);
    if (state === 'completed') {
      throw ApplicationFailure.nonRetryable(
        `The input cannot be edited: its effect has happened under key ${key}.`,
        ACTIVITY_FAILURE_TYPE.effectAlreadyHappened,
      );
    }
    return { key, step: state };
  }

  private async undo(session: Session, step: { key: string; activityType: string }): Promise<UndoneStep> {
    const { state, result } = await this.putTombstone(session, step.key, step.activityType);
    return {
      stepKey: step.key,
      stepActivityType: step.activityType,
      step: state,
      ...(state === 'completed' ? { stepResult: result } : {}),
    };
  }

  /** Waits for the step if it is running: for its lock if it is external, for its uncommitted row if it is transactional. */
  private async putTombstone(session: Session, key: string, activityType: string): Promise<{ state: StepState; result: JsonValue }> {
    await session.rows('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [lockName(key)]);
    const [row] = await session.rows<{ state: StepState; result: JsonValue }>(
      `INSERT INTO ${this.table} AS step (key, activity_type, state, undone_at) VALUES ($1, $2, 'absent', now())
       ON CONFLICT (key) DO UPDATE SET undone_at = COALESCE(step.undone_at, EXCLUDED.undone_at)
       RETURNING state, result`,
      [key, activityType],
    );
    if (row === undefined) throw new Error(`The tombstone of ${key} was not put.`);
    return row;
  }

  /** External steps: takes the lock on the key for as long as the session lives or until `unlock`. */
  async lock(session: Session, key: string): Promise<void> {
    try {
      await session.rows(`SELECT set_config('lock_timeout', $1, false), pg_advisory_lock(hashtextextended($2, 0))`, [String(this.lockWaitMs), lockName(key)]);
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      throw ApplicationFailure.create({
        message: `The step did not come free within ${this.lockWaitMs} ms: another delivery is running.`,
        type: ACTIVITY_FAILURE_TYPE.stepStillRunning,
        cause: error,
      });
    }
  }

  async unlock(session: Session): Promise<void> {
    await session.rows('SELECT pg_advisory_unlock_all(); RESET lock_timeout');
  }

  /** Stores the result with the effect. False: the step was undone meanwhile. */
  async complete(session: Session, key: string, result: SerializedPayload): Promise<boolean> {
    try {
      const rows = await session.rows(
        `UPDATE ${this.table} SET state = 'completed', result = $2::jsonb, completed_at = now() WHERE key = $1 AND undone_at IS NULL RETURNING key`,
        [key, result.json],
      );
      return rows.length > 0;
    } catch (cause) {
      if (isUnstorable(cause)) {
        throw ApplicationFailure.create({
          message: 'The result cannot be stored as JSON in Postgres.',
          type: ACTIVITY_FAILURE_TYPE.payloadInvalid,
          nonRetryable: true,
          cause,
        });
      }
      throw cause;
    }
  }

  /** External steps, first statement of a slice: refuses a slice of a step that was undone, and keeps an undo waiting until the slice commits. */
  async lockRow(session: Session, key: string): Promise<void> {
    const rows = await session.rows(`SELECT key FROM ${this.table} WHERE key = $1 AND undone_at IS NULL FOR UPDATE`, [key]);
    if (rows.length === 0) throw stepUndone(key);
  }

  async saveCheckpoint(session: Session, key: string, checkpoint: SerializedPayload): Promise<void> {
    await session.rows(`UPDATE ${this.table} SET checkpoint = $2::jsonb WHERE key = $1`, [key, checkpoint.json]);
  }
}

/** The refusal of law L4. */
export function stepUndone(key: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`Step ${key} has been undone and can have no effect any more.`, ACTIVITY_FAILURE_TYPE.stepUndone);
}

function lockName(key: string): string {
  return `backstitch/${key}`;
}

/** JSON knows the character NUL and lone surrogates, jsonb does not: SQLSTATE class 22. */
function isUnstorable(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'driverError' in error ? (error.driverError as { code?: unknown }).code : undefined;
  return typeof code === 'string' && code.startsWith('22');
}
