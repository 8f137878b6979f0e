import { effectAlreadyHappened, idempotencyKeyReused, stepUndone, type Claim, type Claimed, type UndoneStep } from '@backstitch/activity/simulation';
import type { JsonValue } from '@backstitch/protocol';

/** What the inbox knows of a key. Never changed in place. */
export interface InboxRow {
  readonly activityType: string;
  /** None where there is a tombstone and no step. */
  readonly inputHash: Buffer | undefined;
  readonly state: 'absent' | 'started' | 'completed';
  readonly result: JsonValue;
  readonly checkpoint: JsonValue;
  /** The tombstone. */
  readonly undone: boolean;
}

/**
 * The inbox of libs/activity in memory: the same rows, locks and refusals (law L4), as the conformance suite shows. Nothing in it waits: who cannot have a lock is told so.
 */
export class InMemoryInbox {
  readonly #rows = new Map<string, InboxRow>();
  readonly #holders = new Map<string, object>();
  #unlocked: (() => void)[] = [];

  /** What is committed under a key. */
  row(key: string): InboxRow | undefined {
    return this.#rows.get(key);
  }

  /** Whether nobody else holds any of these keys. */
  isFree(holder: object, keys: readonly string[]): boolean {
    return keys.every((key) => (this.#holders.get(key) ?? holder) === holder);
  }

  /** Takes the locks on all of these keys, or on none: false. */
  lock(holder: object, keys: readonly string[]): boolean {
    if (!this.isFree(holder, keys)) return false;
    for (const key of keys) this.#holders.set(key, holder);
    return true;
  }

  /** Lets go of these keys, or of all that the holder has. */
  unlock(holder: object, keys: readonly string[] = [...this.#holders.keys()]): void {
    for (const key of keys) if (this.#holders.get(key) === holder) this.#holders.delete(key);
    const waiting = this.#unlocked;
    this.#unlocked = [];
    waiting.forEach((wake) => wake());
  }

  /** Resolves when some lock has come free. */
  unlocked(): Promise<void> {
    return new Promise((resolve) => this.#unlocked.push(resolve));
  }

  /** What is done with the transaction is seen by it alone until it commits. The caller holds the locks on all keys that it names. */
  begin(): InboxTransaction {
    return new InboxTransaction(this.#rows);
  }
}

/** The keys whose locks a claim needs: its own, and that of the step that it undoes or replaces. */
export function lockedBy({ key, undoOf, supersedesKey }: Pick<Claim, 'key' | 'undoOf' | 'supersedesKey'>): string[] {
  return [key, ...(undoOf === undefined ? [] : [undoOf.key]), ...(supersedesKey === undefined ? [] : [supersedesKey])];
}

export class InboxTransaction {
  readonly #staged = new Map<string, InboxRow>();

  constructor(private readonly rows: Map<string, InboxRow>) {}

  /** Finds out what became of the key. @throws {ApplicationFailure} stepUndone, idempotencyKeyReused, effectAlreadyHappened */
  claim(claim: Claim): Claimed {
    return this.#claim(claim);
  }

  /** External steps: the same, and puts the key. */
  claimStarted(claim: Claim): Claimed {
    const isNew = this.#find(claim.key) === undefined;
    const claimed = this.#claim(claim);
    if (isNew) this.#staged.set(claim.key, { ...rowOf(claim), state: 'started' });
    return claimed;
  }

  /** Transactional steps: stores the result. */
  complete(claim: Claim, result: JsonValue): void {
    const earlier = this.#find(claim.key) ?? rowOf(claim);
    if (earlier.undone) throw stepUndone(claim.key);
    this.#staged.set(claim.key, { ...earlier, state: 'completed', result });
  }

  /** External steps: stores the result. False: the step was undone meanwhile. */
  completeStarted(key: string, result: JsonValue): boolean {
    const row = this.#find(key);
    if (row === undefined || row.undone) return false;
    this.#staged.set(key, { ...row, state: 'completed', result });
    return true;
  }

  /** External steps, first of all in a slice. @throws {ApplicationFailure} stepUndone */
  refuseIfUndone(key: string): void {
    if (this.#find(key)?.undone !== false) throw stepUndone(key);
  }

  saveCheckpoint(key: string, checkpoint: JsonValue): void {
    const row = this.#find(key);
    if (row !== undefined) this.#staged.set(key, { ...row, checkpoint });
  }

  commit(): void {
    for (const [key, row] of this.#staged) this.rows.set(key, row);
    this.#staged.clear();
  }

  #claim(claim: Claim): Claimed {
    const earlier = this.#find(claim.key);
    if (earlier !== undefined) {
      if (earlier.undone) throw stepUndone(claim.key);
      if (earlier.inputHash?.equals(claim.inputHash) !== true) throw idempotencyKeyReused(claim.key);
      if (earlier.state === 'completed') return { status: 'repeated', result: earlier.result };
    }
    return {
      status: 'claimed',
      startedBefore: earlier !== undefined,
      checkpoint: earlier?.checkpoint ?? undefined,
      superseded: claim.supersedesKey === undefined ? undefined : this.#supersede(claim.supersedesKey, claim.activityType),
      undo: claim.undoOf === undefined ? undefined : this.#undo(claim.undoOf),
    };
  }

  #supersede(key: string, activityType: string): { key: string; step: 'absent' | 'started' } {
    const { state } = this.#putTombstone(key, activityType);
    if (state === 'completed') throw effectAlreadyHappened(key);
    return { key, step: state };
  }

  #undo({ key, activityType }: { key: string; activityType: string }): UndoneStep {
    const { state, result } = this.#putTombstone(key, activityType);
    return { stepKey: key, stepActivityType: activityType, step: state, ...(state === 'completed' ? { stepResult: result } : {}) };
  }

  #putTombstone(key: string, activityType: string): InboxRow {
    const row: InboxRow = { ...(this.#find(key) ?? { ...rowOf({ activityType }), state: 'absent' }), undone: true };
    this.#staged.set(key, row);
    return row;
  }

  #find(key: string): InboxRow | undefined {
    return this.#staged.get(key) ?? this.rows.get(key);
  }
}

function rowOf({ activityType, inputHash }: Pick<Claim, 'activityType'> & Partial<Claim>): InboxRow {
  return { activityType, inputHash, state: 'completed', result: null, checkpoint: null, undone: false };
}
