import type { JsonValue } from '@backstitch/protocol';
import type { EntityManager } from 'typeorm';
import { errorCodeOf, KeyTakenError } from '../inbox/database-errors.js';
import { serializePayload, type SerializedPayload } from '../inbox/serialize-payload.js';
import { SqlStatement } from '../statement/sql-statement.js';
import type { Attempt, AttemptSuccess, HandlerScope } from './attempt.js';
import { runInTransaction } from './run-in-transaction.js';

const UNIQUE_VIOLATION = '23505';
const NO_RESULT: SerializedPayload = serializePayload('The result', null);

/**
 * An activity that is one statement: effect, key and result in ONE statement, without a look at the inbox before. The primary key of the inbox refuses what was done
 * before or undone, and the effect with it. An undo puts the tombstone of its step first, in a statement of its own: from then on the step cannot happen. Whatever does
 * not go well that way, or is unusual from the start (another attempt, an edit), goes the way of a transactional activity, with the same statement as its work: there
 * the key is locked and looked at first.
 */
export async function runStatement(attempt: Attempt): Promise<AttemptSuccess> {
  const { claim, control, statements } = attempt;
  let returned: { value: unknown } | undefined;
  const first = attempt.isFirstDelivery && statements.isUsable ? await firstScope(attempt) : undefined;
  if (first !== undefined) {
    returned = { value: await attempt.handle(first) };
    const { value } = returned;
    const isEffect = value instanceof SqlStatement;
    const result = isEffect && value.resultFromRow ? NO_RESULT : serializePayload('The result', isEffect ? value.result : value);
    const answer = await (isEffect ? statements.run(claim, value, result, control) : statements.complete(claim, result, control));
    if (answer?.completed === true) return success(answer.resultJson, result);
  }
  control.check();

  let violations = 0;
  return runInTransaction({
    ...attempt,
    isFirstDelivery: false,
    handle: async (scope) => {
      const value = returned === undefined ? await attempt.handle({ claimed: scope.claimed, statement: true }) : returned.value;
      if (!(value instanceof SqlStatement) || !('manager' in scope)) return value;
      try {
        return await execute(scope.manager, value);
      } catch (error) {
        // An earlier delivery that ends just now may have the row that is in the way: then the inbox has its key on the second look.
        if (errorCodeOf(error) !== UNIQUE_VIOLATION || (violations += 1) > 1) throw error;
        throw new KeyTakenError(claim.key, { cause: error });
      }
    },
  });
}

/** What a handler is told that nobody is known to have called for this key. Undefined: the ordinary way finds out. */
async function firstScope({ claim: { undoOf }, control, statements }: Attempt): Promise<HandlerScope | undefined> {
  const undo = undoOf === undefined ? undefined : await statements.putTombstone(undoOf, control);
  if (undoOf !== undefined && undo === undefined) return undefined;
  return { claimed: { status: 'claimed', startedBefore: false, undo }, statement: true };
}

function success(resultJson: string | null, result: SerializedPayload): AttemptSuccess {
  return resultJson === null
    ? { result: result.value, resultBytes: result.bytes, repeated: false }
    : { result: JSON.parse(resultJson) as JsonValue, resultBytes: Buffer.byteLength(resultJson), repeated: false };
}

/** The effect by itself, in the transaction that has the key. */
async function execute(manager: EntityManager, { text, values, result, resultFromRow, needsRow, whenNoRows }: SqlStatement): Promise<unknown> {
  if (!needsRow) {
    await manager.query(text, [...values]);
    return result;
  }
  const rows: { returned: unknown }[] = await manager.query(`WITH effect AS (\n${text}\n)\nSELECT to_jsonb(effect) AS returned FROM effect LIMIT 1`, [...values]);
  const [row] = rows;
  if (row === undefined && whenNoRows !== undefined) throw whenNoRows();
  return resultFromRow ? row?.returned : result;
}
