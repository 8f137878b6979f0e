import type { JsonValue } from '@backstitch/protocol';
import type { UndoneStep } from '../context/activity-info.js';
import { applicationFailure } from '../errors/application-failure.js';
import { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';
import { QueryFailedError } from 'typeorm';
import { INBOX_TABLE, inboxTable } from './create-inbox-migration.js';
import { errorCodeOf, isLockTimeout, KeyTakenError } from './database-errors.js';
import { beginStatement, COMMIT, inboxStatements, type InboxStatements } from './inbox-statements.js';
import { effectAlreadyHappened, idempotencyKeyReused, stepStillRunning, stepUndone } from './refusals.js';
import type { SerializedPayload } from './serialize-payload.js';
import type { Session } from './session.js';
import type { TextRow } from './statement-batch.js';

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
  state: StepState;
  result: JsonValue;
  checkpoint: JsonValue;
}

const UNIQUE_VIOLATION = '23505';
/** What `lockOrFail` and `absentOrFail` fail with. */
const CAST_FAILED = '22P02';

/**
 * The idempotent inbox (law L4): one row a key. States of a row:
 *
 *   (none) → completed           transactional step: row, effect and result commit together
 *   (none) → started → completed external step: `started` is committed before the handler runs
 *   (none) → absent              an undo came first
 *   any    → the same, undone    the tombstone; from then on the step is refused
 *
 * Who runs a step, or undoes it, holds the lock on its key: a transactional attempt until its transaction ends, an external one for as long as its connection
 * lives. The primary key stands behind it: a row that came in between all the same fails the attempt's own, and with it the effect.
 */
export class Inbox {
  private readonly table: string;
  private readonly statements: InboxStatements;

  constructor(
    schema: string | undefined,
    private readonly lockWaitMs: number,
  ) {
    this.table = inboxTable(schema);
    this.statements = inboxStatements(this.table);
  }

  /** What `claimAhead` and `complete` send, to be made known on the session before. Undefined: it is known. */
  prepare(session: Session): Promise<void> | undefined {
    const { lockOrFail, absentOrFail, insertCompleted } = this.statements;
    return session.prepare([beginStatement(session.options), lockOrFail, absentOrFail, insertCompleted, COMMIT]);
  }

  /**
   * Begins the transaction of a step that nobody has run before, as far as its sender knows, without waiting for the answer: what is sent after it is not run
   * if the step turns out to be known, or to be running. False: it did; the session is of no use any more, and `claim` finds out what became of the step.
   */
  async claimAhead(session: Session, claim: Claim): Promise<boolean> {
    const { lockOrFail, absentOrFail } = this.statements;
    try {
      await session.beginAhead({ statement: lockOrFail, values: [lockName(claim.key)] }, { statement: absentOrFail, values: [claim.key] });
      return true;
    } catch (error) {
      if (errorCodeOf(error) === CAST_FAILED) return false;
      throw error;
    }
  }

  /**
   * Begins the transaction of a step: takes the lock on its key, waiting for a concurrent delivery that holds it, and finds out what became of the key.
   * @throws {ApplicationFailure} stepUndone, idempotencyKeyReused, effectAlreadyHappened (none of them retryable), stepStillRunning (retryable)
   */
  async claim(session: Session, claim: Claim): Promise<Claimed> {
    const { setLockWait, lock, find } = this.statements;
    return this.waiting(async () => {
      const answers = await session.begin(
        { statement: setLockWait, values: [String(this.lockWaitMs)] },
        { statement: lock, values: [lockName(claim.key)] },
        { statement: find, values: [claim.key] },
      );
      const earlier = admissible(claim, answers[2]?.[0]);
      if (earlier?.state === 'completed') return { status: 'repeated', result: earlier.result };
      return this.claimed(session, claim, earlier);
    });
  }

  /**
   * External steps, under their lock: puts the key, or finds out what became of it.
   * @throws as `claim`
   */
  async claimStarted(session: Session, claim: Claim): Promise<Claimed> {
    return this.waiting(async () => {
      const inserted = await this.insertStarted(session, claim);
      const [, answer] = inserted ? [] : await session.run({ statement: this.statements.setLockWait, values: [String(this.lockWaitMs)] }, { statement: this.statements.find, values: [claim.key] });
      const earlier = admissible(claim, answer?.[0]);
      if (earlier?.state === 'completed') return { status: 'repeated', result: earlier.result };
      return this.claimed(session, claim, earlier);
    });
  }

  private async claimed(session: Session, claim: Claim, earlier: InboxRow | undefined): Promise<Claimed> {
    return {
      status: 'claimed',
      startedBefore: earlier !== undefined,
      checkpoint: earlier?.checkpoint ?? undefined,
      superseded: claim.supersedesKey === undefined ? undefined : await this.supersede(session, claim.supersedesKey, claim.activityType),
      undo: claim.undoOf === undefined ? undefined : await this.undo(session, claim.undoOf),
    };
  }

  /** Tells a wait that took too long as the retryable failure that it is. */
  private async waiting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      throw stepStillRunning(this.lockWaitMs, error);
    }
  }

  private async insertStarted(session: Session, claim: Claim): Promise<boolean> {
    // One round trip: the transaction's lock time-out is set on the way. The subquery runs before the insert can wait.
    const rows = await session.rows(
      `INSERT INTO ${this.table} (key, activity_type, input_hash, state)
       SELECT $1::text, $2::text, $3::bytea, 'started'
       FROM (SELECT set_config('lock_timeout', $4, true) AS lock_timeout OFFSET 0) AS settings
       WHERE settings.lock_timeout IS NOT NULL
       ON CONFLICT (key) DO NOTHING RETURNING key`,
      [claim.key, claim.activityType, claim.inputHash, String(this.lockWaitMs)],
    );
    return rows.length > 0;
  }

  private async supersede(session: Session, key: string, activityType: string): Promise<{ key: string; step: 'absent' | 'started' }> {
    const { state } = await this.putTombstone(session, key, activityType);
    if (state === 'completed') throw effectAlreadyHappened(key);
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

  /** Waits for the step if it is running, as long as the transaction's lock time-out allows. */
  private async putTombstone(session: Session, key: string, activityType: string): Promise<{ state: StepState; result: JsonValue }> {
    const { lock, putTombstone } = this.statements;
    const [, answer] = await session.run({ statement: lock, values: [lockName(key)] }, { statement: putTombstone, values: [key, activityType] });
    const row = answer?.[0];
    if (row === undefined) throw new Error(`The tombstone of ${key} was not put.`);
    return { state: row[0] as StepState, result: parsed(row[1]) };
  }

  /** External steps: takes the lock on the key for as long as the session lives or until `unlock`. */
  async lock(session: Session, key: string): Promise<void> {
    await this.waiting(() =>
      session.rows(`SELECT set_config('lock_timeout', $1, false), pg_advisory_lock(hashtextextended($2, 0))`, [String(this.lockWaitMs), lockName(key)]),
    );
  }

  async unlock(session: Session): Promise<void> {
    await session.rows('SELECT pg_advisory_unlock_all(); RESET lock_timeout');
  }

  /**
   * Transactional steps: stores the result and commits, with the effect, in one round trip.
   * @throws {KeyTakenError} a row came in between; nothing was committed @throws {ApplicationFailure} payloadInvalid, not retryable
   */
  async complete(session: Session, claim: Claim, result: SerializedPayload, startedBefore: boolean): Promise<void> {
    try {
      if (startedBefore) {
        if (!(await this.completeStarted(session, claim.key, result))) throw stepUndone(claim.key);
        await session.commit();
      } else {
        await session.commit({ statement: this.statements.insertCompleted, values: [claim.key, claim.activityType, claim.inputHash, result.json] });
      }
    } catch (error) {
      throw this.isTakenKey(error) ? new KeyTakenError(claim.key, { cause: error }) : storable(error);
    }
  }

  /** External steps: stores the result. False: the step was undone meanwhile. */
  async completeStarted(session: Session, key: string, result: SerializedPayload): Promise<boolean> {
    try {
      const [rows] = await session.run({ statement: this.statements.updateCompleted, values: [key, result.json] });
      return rows !== undefined && rows.length > 0;
    } catch (error) {
      throw storable(error);
    }
  }

  private isTakenKey(error: unknown): boolean {
    return errorCodeOf(error) === UNIQUE_VIOLATION && error instanceof QueryFailedError && (error.driverError as { table?: string }).table === INBOX_TABLE;
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

/** The row of an earlier delivery, if there is one and this claim may go by it. */
function admissible(claim: Claim, columns: TextRow | undefined): InboxRow | undefined {
  if (columns === undefined) return undefined;
  const [hash, state, result, checkpoint, undone] = columns;
  if (undone === '1') throw stepUndone(claim.key);
  if (hash !== claim.inputHash.toString('hex')) throw idempotencyKeyReused(claim.key);
  return { state: state as StepState, result: parsed(result), checkpoint: parsed(checkpoint) };
}

function parsed(json: string | null | undefined): JsonValue {
  return json === null || json === undefined ? null : (JSON.parse(json) as JsonValue);
}

function lockName(key: string): string {
  return `backstitch/${key}`;
}

/** JSON knows the character NUL and lone surrogates, jsonb does not: SQLSTATE class 22. */
function storable(error: unknown): unknown {
  if (errorCodeOf(error)?.startsWith('22') !== true) return error;
  return applicationFailure({
    message: 'The result cannot be stored as JSON in Postgres.',
    type: ACTIVITY_FAILURE_TYPE.payloadInvalid,
    nonRetryable: true,
    cause: error,
  });
}
