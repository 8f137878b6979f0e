import type { RunMessage } from '../messages/run-message.js';

/** One run's share of a batch. */
export interface BatchEntry {
  runId: string;
  messages: RunMessage[];
}

/** Messages of one run that are taken into one workflow task at most; the rest waits for the next. */
const MESSAGES_PER_RUN_MAX = 1_000;

/**
 * What waits, by run.
 *
 * A run is idle (no mailbox), ready (messages wait, in `#ready`), or under way (in a batch; what comes in waits until `release`).
 */
export class Mailboxes {
  readonly #waiting = new Map<string, RunMessage[]>();
  /** Ready runs, in order of their oldest message. */
  readonly #ready = new Set<string>();
  readonly #underWay = new Set<string>();
  #messages = 0;

  get waitingMessages(): number {
    return this.#messages;
  }

  get readyRuns(): number {
    return this.#ready.size;
  }

  isUnderWay(runId: string): boolean {
    return this.#underWay.has(runId);
  }

  add(runId: string, message: RunMessage): void {
    const messages = this.#waiting.get(runId);
    if (messages === undefined) {
      this.#waiting.set(runId, [message]);
    } else {
      messages.push(message);
    }
    this.#messages += 1;
    if (!this.#underWay.has(runId)) {
      this.#ready.add(runId);
    }
  }

  /** Puts messages back in front of what waits: their run has to be loaded again. */
  putBack(runId: string, messages: readonly RunMessage[]): void {
    this.#waiting.set(runId, [...messages, ...(this.#waiting.get(runId) ?? [])]);
    this.#messages += messages.length;
  }

  /** Takes what waits for a run that is under way. */
  takeLate(runId: string): RunMessage[] {
    const messages = this.#waiting.get(runId) ?? [];
    this.#waiting.delete(runId);
    this.#messages -= messages.length;
    return messages;
  }

  /** Takes up to so many ready runs, with their messages; they are under way until released. */
  take(runsMax: number): BatchEntry[] {
    const entries: BatchEntry[] = [];
    for (const runId of this.#ready) {
      if (entries.length === runsMax) {
        break;
      }
      this.#ready.delete(runId);
      this.#underWay.add(runId);
      const waiting = this.#waiting.get(runId) ?? [];
      const messages = waiting.splice(0, MESSAGES_PER_RUN_MAX);
      if (waiting.length === 0) {
        this.#waiting.delete(runId);
      }
      this.#messages -= messages.length;
      entries.push({ runId, messages });
    }
    return entries;
  }

  /** The run's batch has ended; it is ready again if messages came in meanwhile. */
  release(runId: string): void {
    this.#underWay.delete(runId);
    if (this.#waiting.has(runId)) {
      this.#ready.add(runId);
    }
  }
}
