import type { EntityManager } from 'typeorm';
import type { ExternalSession, SliceOptions } from '../context/context.js';
import { AttemptEndedError } from '../errors/usage-errors.js';
import { isTransactionConflict } from '../inbox/database-errors.js';
import { stepUndone } from '../inbox/refusals.js';
import { serializePayload, type SerializedPayload } from '../inbox/serialize-payload.js';
import type { Session } from '../inbox/session.js';
import { conflictPause, repeatedResult, TRANSACTION_TRIES_MAX, type Attempt, type AttemptSuccess } from './attempt.js';

/**
 * An external activity: a lock on its key, held by one connection while the handler runs; every slice commits on that same connection, so that
 * whoever has lost the lock cannot commit any more.
 */
export async function runExternal(attempt: Attempt): Promise<AttemptSuccess> {
  const { claim, control, inbox } = attempt;
  const session = await attempt.openSession();
  let unlocked = false;
  try {
    await inbox.lock(session, claim.key);
    await session.begin();
    const claimed = await inbox.claimStarted(session, claim);
    await session.commit();
    if (claimed.status === 'repeated') return repeatedResult(claimed.result);

    const slices = new Slices(attempt, session);
    const returned = await attempt.handle({ claimed, external: slices });
    await slices.idle();
    const result = slices.completed ?? serializePayload('The result', returned);
    if (slices.completed === undefined) {
      slices.close();
      control.seal();
      if (!(await inbox.completeStarted(session, claim.key, result))) throw stepUndone(claim.key);
    }
    return { result: result.value, resultBytes: result.bytes, repeated: false };
  } finally {
    await session.rollback();
    unlocked = await inbox.unlock(session).then(
      () => true,
      () => false,
    );
    if (unlocked) await session.release();
    else session.destroy();
  }
}

/** Slices of one attempt, one after another on its connection. */
class Slices implements ExternalSession {
  /** Set by completeWith. */
  completed: SerializedPayload | undefined;
  private closed = false;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly attempt: Attempt,
    private readonly session: Session,
  ) {}

  transaction<T>(work: (manager: EntityManager) => Promise<T>, options: SliceOptions<T> = {}): Promise<T> {
    return this.inTurn(async () => {
      const value = await work(this.session.manager);
      const { checkpoint } = options;
      if (checkpoint !== undefined) {
        const saved = typeof checkpoint === 'function' ? (checkpoint as (value: T) => unknown)(value) : checkpoint;
        await this.attempt.inbox.saveCheckpoint(this.session, this.attempt.claim.key, serializePayload('The checkpoint', saved));
      }
      return value;
    });
  }

  completeWith<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    let serialized: SerializedPayload | undefined;
    return this.inTurn(
      async () => {
        const value = await work(this.session.manager);
        serialized = serializePayload('The result', value);
        if (!(await this.attempt.inbox.completeStarted(this.session, this.attempt.claim.key, serialized))) throw stepUndone(this.attempt.claim.key);
        this.attempt.control.seal();
        return value;
      },
      () => {
        this.completed = serialized;
        this.closed = true;
      },
    );
  }

  /** Resolves when no slice is under way. */
  async idle(): Promise<void> {
    await this.last.catch(() => undefined);
  }

  /** No slice begins any more. */
  close(): void {
    this.closed = true;
  }

  private inTurn<T>(work: () => Promise<T>, committed: () => void = () => undefined): Promise<T> {
    const turn = this.last.catch(() => undefined).then(() => this.slice(work, committed));
    this.last = turn;
    return turn;
  }

  private async slice<T>(work: () => Promise<T>, committed: () => void): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      if (this.closed) throw new AttemptEndedError();
      try {
        await this.session.begin();
        await this.attempt.inbox.lockRow(this.session, this.attempt.claim.key);
        const value = await work();
        await this.session.commit();
        committed();
        return value;
      } catch (error) {
        await this.session.rollback();
        this.attempt.control.unseal();
        if (tries >= TRANSACTION_TRIES_MAX || !isTransactionConflict(error)) throw error;
        await conflictPause(tries);
      }
    }
  }
}
