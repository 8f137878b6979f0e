import type { Described } from './built-in-queries.js';
import { CancelListener } from './cancel-listeners.js';
import type { CancellationScope } from './cancellation-scope.js';
import type { CommandList } from './command-list.js';
import type { CancelledFailure } from '@backstitch/protocol/failures';
import { PendingBySeq } from './pending-by-seq.js';

/** A timer that was started. */
export interface StartedTimer {
  /** Takes it back if it has not fired. */
  cancel(): void;
}

/** A timer that has not fired. */
class PendingTimer extends CancelListener {
  constructor(
    readonly timers: PendingTimers,
    readonly seq: number,
    readonly fire: () => void,
    readonly onCancelled: ((reason: CancelledFailure) => void) | undefined,
  ) {
    super();
  }

  cancel(): void {
    this.timers.cancel(this);
  }

  override cancelled(reason: CancelledFailure): void {
    if (this.timers.cancel(this)) this.onCancelled?.(reason);
  }
}

/** The timers of one run, from start to firing or cancellation. */
export class PendingTimers {
  readonly #commands: CommandList;
  readonly #pending = new PendingBySeq<PendingTimer>();
  #lastSeq = 0;

  constructor(commands: CommandList) {
    this.#commands = commands;
  }

  /** The number of the next timer; taken by a call that is refused, too. */
  takeSeq(): number {
    return ++this.#lastSeq;
  }

  /** Starts the timer `seq` in `scope`. `cancelled` is called if the scope cancels it, not if its starter does. */
  start(seq: number, durationMs: number, scope: CancellationScope, fire: () => void, cancelled?: (reason: CancelledFailure) => void, summary?: string): StartedTimer {
    const summaryJson = summary === undefined ? '' : `,"summary":${JSON.stringify(summary)}`;
    this.#commands.push(`{"type":"startTimer","seq":${seq},"durationMs":${durationMs}${summaryJson}}`, 'timer', seq);
    const timer = new PendingTimer(this, seq, fire, cancelled);
    this.#pending.add(timer);
    scope.onCancel(timer);
    return timer;
  }

  /** Does what a timer was started for. @throws Error for one that was never started */
  fire(seq: number): void {
    const timer = this.#pending.take(seq);
    if (timer === undefined) {
      // Cancelled meanwhile. One that was never started is another matter.
      if (seq <= this.#lastSeq) return;
      throw new Error(`Timer ${seq} fired, but this code has started only ${this.#lastSeq}.`);
    }
    timer.forgetCancel();
    timer.fire();
  }

  /** What has not fired, for people. */
  describe(): Described[] {
    return this.#pending.map((item) => ({ item, what: `timer ${item.seq}` }));
  }

  /** Answers whether the timer was still running. */
  cancel(timer: PendingTimer): boolean {
    const { seq } = timer;
    if (this.#pending.take(seq) === undefined) return false;
    timer.forgetCancel();
    if (!this.#commands.withdraw('timer', seq)) this.#commands.push(`{"type":"cancelTimer","seq":${seq}}`);
    return true;
  }
}
