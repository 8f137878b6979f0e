import { isTransactionConflict } from '../inbox/database-errors.js';
import { serializePayload } from '../inbox/serialize-payload.js';
import type { Session } from '../inbox/session.js';
import { conflictPause, repeatedResult, TRANSACTION_TRIES_MAX, type Attempt, type AttemptSuccess } from './attempt.js';

/**
 * A transactional activity: key, effect and result in ONE transaction. Two round trips beside the handler's own statements: BEGIN with the claim, and
 * the row with COMMIT; and only one if this is the first delivery, as far as anyone knows: then the handler's first statement goes along with the claim.
 */
export async function runInTransaction(attempt: Attempt): Promise<AttemptSuccess> {
  // An undo has to know what became of its step.
  if (attempt.isFirstDelivery && attempt.claim.undoOf === undefined) {
    try {
      const success = await tryAhead(attempt);
      if (success !== undefined) return success;
    } catch (error) {
      if (!isTransactionConflict(error)) throw error;
      attempt.control.unseal();
    }
  }
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryInTransaction(attempt);
    } catch (error) {
      if (tries >= TRANSACTION_TRIES_MAX || !isTransactionConflict(error)) throw error;
      attempt.control.unseal();
      await conflictPause(tries);
    }
  }
}

/** The handler runs while the claim is being answered. Undefined: the claim was refused, and with it whatever the handler asked of the database. */
async function tryAhead(attempt: Attempt): Promise<AttemptSuccess | undefined> {
  const { claim, inbox, openSession, handle } = attempt;
  const session = await openSession();
  try {
    if (session.hasSubscribers) return undefined;
    const preparing = inbox.prepare(session);
    if (preparing !== undefined) await preparing;
    const claiming = inbox.claimAhead(session, claim);
    const handling = handle({ claimed: { status: 'claimed', startedBefore: false }, manager: session.manager });
    handling.catch(() => undefined);
    if (!(await claiming)) {
      // The handler may still ask for something: on a connection that is gone.
      session.destroy();
      return undefined;
    }
    return await complete(attempt, session, await handling, false);
  } finally {
    await session.rollback();
    await session.release();
  }
}

async function tryInTransaction(attempt: Attempt): Promise<AttemptSuccess> {
  const { claim, inbox, openSession, handle } = attempt;
  const session = await openSession();
  try {
    const claimed = await inbox.claim(session, claim);
    if (claimed.status === 'repeated') return repeatedResult(claimed.result);
    return await complete(attempt, session, await handle({ claimed, manager: session.manager }), claimed.startedBefore);
  } finally {
    await session.rollback();
    await session.release();
  }
}

async function complete({ claim, control, inbox }: Attempt, session: Session, returned: unknown, startedBefore: boolean): Promise<AttemptSuccess> {
  const result = serializePayload('The result', returned);
  control.seal();
  await inbox.complete(session, claim, result, startedBefore);
  return { result: result.value, resultBytes: result.bytes, repeated: false };
}
