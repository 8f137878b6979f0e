import { isTransactionConflict } from '../inbox/database-errors.js';
import { stepUndone } from '../inbox/inbox.js';
import { serializePayload } from '../inbox/serialize-payload.js';
import { conflictPause, repeatedResult, TRANSACTION_TRIES_MAX, type Attempt, type AttemptSuccess } from './attempt.js';

/**
 * A transactional activity: key, effect and result in ONE transaction. Four statements beside the handler's own - START TRANSACTION, INSERT of the
 * key, UPDATE with the result, COMMIT - and three if the result is null.
 */
export async function runInTransaction(attempt: Attempt): Promise<AttemptSuccess> {
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

async function tryInTransaction({ claim, control, inbox, openSession, handle }: Attempt): Promise<AttemptSuccess> {
  const session = await openSession();
  try {
    await session.begin();
    // Nobody sees the row before the commit, so it may say from the start what it will be then.
    const claimed = await inbox.claim(session, claim, 'completed');
    if (claimed.status === 'repeated') return repeatedResult(claimed.result);
    const result = serializePayload('The result', await handle({ claimed, manager: session.manager }));
    if ((result.value !== null || claimed.startedBefore) && !(await inbox.complete(session, claim.key, result))) throw stepUndone(claim.key);
    await control.seal();
    await session.commit();
    return { result: result.value, resultBytes: result.bytes, repeated: false };
  } finally {
    await session.rollback();
    await session.release();
  }
}
