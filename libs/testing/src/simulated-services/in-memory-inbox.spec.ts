import { describe, expect, it } from '@jest/globals';
import { inboxConformance, stepStillRunning, type Claim, type ExternalSubject, type InboxSubject, type TransactionalSubject } from '@backstitch/activity/simulation';
import type { JsonValue } from '@backstitch/protocol';
import { InMemoryInbox, lockedBy } from './in-memory-inbox.js';

/** The inbox in memory, its attempts waiting for each other as those of services do. */
class Subject implements InboxSubject {
  readonly #inbox = new InMemoryInbox();
  readonly #effects = new Map<string, string[]>();

  async transactional(claim: Claim, isPatient = true): Promise<TransactionalSubject> {
    const holder = await this.#locked(claim, isPatient);
    const inbox = this.#inbox;
    const transaction = inbox.begin();
    const notes: string[] = [];
    const claimed = this.#orUnlocked(holder, () => transaction.claim(claim));
    return {
      claimed,
      effect: async (note) => void notes.push(note),
      complete: async (result) => {
        transaction.complete(claim, result);
        transaction.commit();
        this.#commit(claim.key, notes);
        inbox.unlock(holder);
      },
      giveUp: async () => inbox.unlock(holder),
    };
  }

  async external(claim: Claim, isPatient = true): Promise<ExternalSubject> {
    const holder = await this.#locked(claim, isPatient);
    const inbox = this.#inbox;
    const claiming = inbox.begin();
    const claimed = this.#orUnlocked(holder, () => claiming.claimStarted(claim));
    claiming.commit();
    inbox.unlock(holder, lockedBy(claim).slice(1));
    return {
      claimed,
      slice: async (note: string, checkpoint: JsonValue) => {
        const slice = inbox.begin();
        slice.refuseIfUndone(claim.key);
        slice.saveCheckpoint(claim.key, checkpoint);
        slice.commit();
        this.#commit(claim.key, [note]);
      },
      complete: async (result) => {
        const last = inbox.begin();
        if (!last.completeStarted(claim.key, result)) throw new Error('The step was undone.');
        last.commit();
      },
      end: async () => inbox.unlock(holder),
      loseLock: async () => inbox.unlock(holder),
    };
  }

  impatient(claim: Claim, mode: 'transactional' | 'external'): Promise<unknown> {
    return this[mode](claim, false);
  }

  async row(key: string) {
    const found = this.#inbox.row(key);
    if (found === undefined) return undefined;
    const { state, result, checkpoint, undone } = found;
    return { state, result, checkpoint, undone };
  }

  async effects(key: string): Promise<string[]> {
    return this.#effects.get(key) ?? [];
  }

  async #locked(claim: Claim, isPatient: boolean): Promise<object> {
    const holder = {};
    while (!this.#inbox.lock(holder, lockedBy(claim))) {
      if (!isPatient) throw stepStillRunning(0);
      await this.#inbox.unlocked();
    }
    return holder;
  }

  #orUnlocked<T>(holder: object, work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#inbox.unlock(holder);
      throw error;
    }
  }

  #commit(key: string, notes: string[]): void {
    this.#effects.set(key, [...(this.#effects.get(key) ?? []), ...notes]);
  }
}

describe('InMemoryInbox', () => {
  inboxConformance({ describe, it, expect }, async () => ({ inbox: new Subject(), dispose: async () => undefined }));
});
