import type { Clock } from '@backstitch/engine';

/** A day in milliseconds: real timers are armed for no longer. */
const REAL_TIMER_MAX_MS = 86_400_000;

interface Entry {
  atMs: number;
  order: number;
  run: () => void;
}

/**
 * The clock of a test environment. It runs at the pace of real time and, where it may skip, jumps to what is due next as soon as
 * somebody wishes for the future and nothing holds the present: no activity is at work and the engine has nothing in hand.
 *
 * What is due is done in order of time; between two times the clock waits until everything has settled.
 */
export class HarnessClock implements Clock {
  #offsetMs = 0;
  #lastMs = 0;
  #orders = 0;
  #holds = 0;
  #outside = 0;
  #wishes = 0;
  #sleeps = 0;
  #isAdvancing = false;
  #isClosed = false;
  #kicked: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #entries = new Set<Entry>();

  /**
   * @param skips whether time may be skipped
   * @param settled resolves when nothing is under way that was begun; undefined: nothing is
   */
  constructor(
    readonly skips: boolean,
    private readonly settled: () => Promise<void> | undefined,
  ) {}

  now(): number {
    this.#lastMs = Math.max(this.#lastMs, Date.now() + this.#offsetMs);
    return this.#lastMs;
  }

  /** Calls `run` at that time, not before it. Answers what takes it back. */
  at(atMs: number, run: () => void): () => void {
    const entry = { atMs, order: this.#orders++, run };
    this.#entries.add(entry);
    this.#kick();
    return () => this.#entries.delete(entry);
  }

  /** Until the answer is called time is not skipped: something is at work. */
  hold(): () => void {
    this.#holds += 1;
    return this.#once(() => (this.#holds -= 1));
  }

  /** Until the answer is called only `wishToSleep` lets time be skipped: something is at work outside of this process, nobody knows for how long. */
  holdForOutside(): () => void {
    this.#outside += 1;
    return this.#once(() => (this.#outside -= 1));
  }

  /** Until the answer is called time may be skipped: somebody waits for the future. */
  wish(): () => void {
    this.#wishes += 1;
    this.#kick();
    return this.#once(() => (this.#wishes -= 1));
  }

  /** As `wish`, of a test that wants a certain time to go by. */
  wishToSleep(): () => void {
    this.#sleeps += 1;
    this.#kick();
    return this.#once(() => (this.#sleeps -= 1));
  }

  /** Resolves after that time of this clock; rejects with the signal's reason as soon as it aborts. */
  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = this.at(this.now() + Math.max(0, durationMs), () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Nothing that waits is done any more. */
  close(): void {
    this.#isClosed = true;
    this.#entries.clear();
    clearTimeout(this.#timer);
    clearImmediate(this.#kicked);
  }

  #once(release: () => void): () => void {
    let isReleased = false;
    return () => {
      if (!isReleased) {
        isReleased = true;
        release();
        this.#kick();
      }
    };
  }

  #kick(): void {
    if (this.#kicked === undefined && !this.#isClosed) {
      this.#kicked = setImmediate(() => {
        this.#kicked = undefined;
        void this.#advance();
      });
    }
  }

  async #advance(): Promise<void> {
    if (this.#isAdvancing) {
      return;
    }
    this.#isAdvancing = true;
    // Whether everybody has gone on since something was due, and nobody may need longer: then there is nothing more to wait for.
    let isQuiet = false;
    try {
      for (let next = this.#next(); next !== undefined && !this.#isClosed; next = this.#next()) {
        if (next.atMs <= this.now()) {
          this.#runDue();
          await this.#quiet();
          // A test that awaits a result may do something else beside it: it gets as long again.
          isQuiet = this.#wishes === 0;
        } else if (this.#maySkip) {
          if (!isQuiet) {
            await this.#quiet();
          }
          isQuiet = true;
          // What was begun meanwhile may hold the present, or want something earlier.
          if (this.#maySkip && this.#next() === next) {
            this.#skipTo(next.atMs);
          }
        } else {
          this.#arm(next.atMs - this.now());
          return;
        }
      }
    } finally {
      this.#isAdvancing = false;
    }
  }

  get #maySkip(): boolean {
    return this.skips && this.#holds === 0 && (this.#sleeps > 0 || (this.#wishes > 0 && this.#outside === 0));
  }

  #next(): Entry | undefined {
    let next: Entry | undefined;
    for (const entry of this.#entries) {
      if (next === undefined || entry.atMs < next.atMs || (entry.atMs === next.atMs && entry.order < next.order)) {
        next = entry;
      }
    }
    return next;
  }

  #runDue(): void {
    const nowMs = this.now();
    const due = [...this.#entries].filter(({ atMs }) => atMs <= nowMs).sort((one, other) => one.atMs - other.atMs || one.order - other.order);
    const [first] = due;
    for (const entry of due) {
      if (entry.atMs === first?.atMs && this.#entries.delete(entry)) {
        entry.run();
      }
    }
  }

  #skipTo(timeMs: number): void {
    this.#offsetMs += Math.max(0, timeMs - this.now());
    this.#lastMs = Math.max(this.#lastMs, timeMs);
  }

  /** Lets everybody go on who can: what is under way is finished, and what a test does next is begun. */
  async #quiet(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) {
      const settling = this.settled();
      if (settling !== undefined) {
        await settling;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #arm(durationMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#kick(), Math.min(durationMs, REAL_TIMER_MAX_MS));
  }
}
