import { stepUndone, type Claim, type Claimed } from '@backstitch/activity/simulation';
import type { JsonValue } from '@backstitch/protocol';
import { copyOf, ExternalHandlerContext, HandlerContext, ResumableHandlerContext, type HandlerScope } from './handler-context.js';
import { lockedBy, type InMemoryInbox, type InboxTransaction } from './in-memory-inbox.js';
import type { SharedState } from './shared-state.js';
import type { SimulatedActivity } from './simulated-activity.js';
import { SteppedCall, type Stop } from './stepped-call.js';
import { TransactionConflictError } from './transaction-conflict-error.js';

/** One attempt, as the modes see it. */
export interface StepsOfAttempt<State extends object> {
  /** Holds the locks. */
  readonly holder: object;
  readonly claim: Claim;
  readonly inbox: InMemoryInbox;
  readonly shared: SharedState<State>;
  /** What the handler's context is made of. */
  scope(claimed: Extract<Claimed, { status: 'claimed' }>): HandlerScope<State>;
  /** A copy for each call. */
  args(): unknown[];
  /** Handlers of the modes external and resumable: what takes their call step by step. */
  begins(call: SteppedCall): void;
  /** From here on the attempt is committed: no time limit ends it any more. */
  seal(): void;
}

export interface StepsResult {
  result: JsonValue;
  repeated: boolean;
}

type Steps = AsyncGenerator<Stop, StepsResult, void>;

const CLAIMED: Stop = { point: 'claimed', pointText: 'after it has claimed its key' };
const COMMITTED: Stop = { point: 'committed', pointText: 'after its result has committed, before it replies' };
const REPEATED: Stop = { point: 'repeated', pointText: 'after it has found the result of an earlier delivery, before it replies' };

/** Takes an attempt from its claim to its commit; yields wherever it may rest or die. The caller has the locks, and frees them. */
export function stepsOf<State extends object>(attempt: StepsOfAttempt<State>, activity: SimulatedActivity<State>): Steps {
  switch (activity.mode) {
    case 'transaction':
      return inTransaction(attempt, activity);
    case 'external':
      return externally(attempt, activity);
    case 'resumable':
      return resumably(attempt, activity);
    default:
      return activity satisfies never;
  }
}

/** Key, effect and result in one transaction. */
async function* inTransaction<State extends object>(attempt: StepsOfAttempt<State>, activity: Extract<SimulatedActivity<State>, { mode: 'transaction' }>): Steps {
  const { claim, inbox, shared, holder } = attempt;
  const transaction = inbox.begin();
  const claimed = claimedIn(transaction, attempt, activity, (through, what) => through.claim(what));
  if (claimed.status === 'repeated') return yield* repeated(attempt, claimed.result);
  const scope = attempt.scope(claimed);
  const handle = async (state: State): Promise<JsonValue> => {
    const args = attempt.args();
    return copyOf('The result', await activity.handler(state, args[0] as never, new HandlerContext({ ...scope, args })));
  };
  let draft = shared.draft();
  let result = await handle(draft.value);
  if (activity.defect === 'inboxOutsideTransaction') {
    shared.commit(draft);
    yield { point: 'effect', pointText: 'after its effect has committed, before its key has' };
  } else {
    yield { point: 'effect', pointText: 'after its effect, before its transaction commits' };
    // Another transaction has committed meanwhile: this one has lost and is run again, as after a serialization failure.
    while (!shared.isCurrent(draft)) {
      draft = shared.draft();
      result = await handle(draft.value);
    }
    shared.commit(draft);
  }
  attempt.seal();
  transaction.complete(claim, result);
  transaction.commit();
  inbox.unlock(holder);
  yield COMMITTED;
  return { result, repeated: false };
}

/** The claim commits first, the handler's effects happen at once, the result commits last. */
async function* externally<State extends object>(attempt: StepsOfAttempt<State>, activity: Extract<SimulatedActivity<State>, { mode: 'external' }>): Steps {
  const { shared } = attempt;
  const claimed = claimStarted(attempt, activity);
  if (claimed.status === 'repeated') return yield* repeated(attempt, claimed.result);
  const args = attempt.args();
  const context = new ExternalHandlerContext<State>({ ...attempt.scope(claimed), args });
  const call = new SteppedCall(() => activity.handler(shared.live, args[0] as never, context));
  attempt.begins(call);
  yield CLAIMED;
  yield* stopsOf(call);
  if (context.completed !== undefined) return yield* committed(attempt, context.completed.result);
  const result = copyOf('The result', call.value);
  yield { point: 'effect', pointText: 'after its handler has returned, before its result is stored' };
  return yield* stored(attempt, result);
}

/** The handler works on a draft, which commits slice by slice. */
async function* resumably<State extends object>(attempt: StepsOfAttempt<State>, activity: Extract<SimulatedActivity<State>, { mode: 'resumable' }>): Steps {
  const { shared } = attempt;
  const claimed = claimStarted(attempt, activity);
  if (claimed.status === 'repeated') return yield* repeated(attempt, claimed.result);
  const args = attempt.args();
  const draft = shared.draft().remember();
  const call = new SteppedCall(() => activity.handler(draft.value, args[0] as never, new ResumableHandlerContext<State>({ ...attempt.scope(claimed), args }, draft)));
  attempt.begins(call);
  yield CLAIMED;
  yield* stopsOf(call);
  const result = copyOf('The result', call.value);
  yield { point: 'effect', pointText: 'after its last slice, before its result is stored' };
  return yield* stored(attempt, result, () => {
    if (!shared.merge(draft)) throw new TransactionConflictError();
  });
}

/** External and resumable steps: claims in a transaction of its own. The locks on other keys last as long as that. */
function claimStarted<State extends object>(attempt: StepsOfAttempt<State>, activity: SimulatedActivity<State>): Claimed {
  const { claim, inbox, holder } = attempt;
  const transaction = inbox.begin();
  const claimed = claimedIn(transaction, attempt, activity, (through, what) => through.claimStarted(what));
  transaction.commit();
  inbox.unlock(holder, lockedBy(claim).slice(1));
  return claimed;
}

function claimedIn<State extends object>(
  transaction: InboxTransaction,
  { claim, inbox }: StepsOfAttempt<State>,
  { defect }: SimulatedActivity<State>,
  make: (through: InboxTransaction, claim: Claim) => Claimed,
): Claimed {
  if (defect !== 'noTombstone') return make(transaction, claim);
  // Looks at the step in a transaction that is never committed.
  const seen = make(inbox.begin(), claim);
  return seen.status === 'repeated' ? seen : { ...make(transaction, { ...claim, undoOf: undefined }), ...seen };
}

async function* stopsOf(call: SteppedCall): AsyncGenerator<Stop, void, void> {
  for (let stop = await call.advance(); stop !== undefined; stop = await call.advance()) yield stop;
}

async function* stored<State extends object>(attempt: StepsOfAttempt<State>, result: JsonValue, withIt: () => void = () => undefined): Steps {
  const { claim, inbox } = attempt;
  const transaction = inbox.begin();
  if (!transaction.completeStarted(claim.key, result)) throw stepUndone(claim.key);
  withIt();
  transaction.commit();
  return yield* committed(attempt, result);
}

async function* committed<State extends object>({ inbox, holder, seal }: StepsOfAttempt<State>, result: JsonValue): Steps {
  seal();
  inbox.unlock(holder);
  yield COMMITTED;
  return { result, repeated: false };
}

async function* repeated<State extends object>({ inbox, holder, seal }: StepsOfAttempt<State>, result: JsonValue): Steps {
  seal();
  inbox.unlock(holder);
  yield REPEATED;
  return { result, repeated: true };
}
