import type { CancellationScope } from './cancellation-scope.js';
import type { CommandList } from './command-list.js';
import type { CancelledFailure } from './failures.js';

/** A timer that was started. */
export interface StartedTimer {
  /** Takes it back if it has not fired. */
  cancel(): void;
}

interface PendingTimer {
  fire: () => void;
  forgetCancel: () => void;
}

/** The timers of one run, from start to firing or cancellation. */
export class PendingTimers {
  readonly #commands: CommandList;
  readonly #pending = new Map<number, PendingTimer>();
  #lastSeq = 0;

  constructor(commands: CommandList) {
    this.#commands = commands;
  }

  /** Starts a timer in `scope`. `cancelled` is called if the scope cancels it, not if its starter does. */
  start(durationMs: number, scope: CancellationScope, fire: () => void, cancelled?: (reason: CancelledFailure) => void): StartedTimer {
    const seq = ++this.#lastSeq;
    this.#commands.push(`{"type":"startTimer","seq":${seq},"durationMs":${durationMs}}`, 'timer', seq);
    const cancel = (): boolean => {
      const timer = this.#pending.get(seq);
      if (timer === undefined) return false;
      this.#pending.delete(seq);
      timer.forgetCancel();
      if (!this.#commands.withdraw('timer', seq)) this.#commands.push(`{"type":"cancelTimer","seq":${seq}}`);
      return true;
    };
    const forgetCancel = scope.onCancel((reason) => {
      if (cancel()) cancelled?.(reason);
    });
    this.#pending.set(seq, { fire, forgetCancel });
    return { cancel: () => void cancel() };
  }

  /** Does what a timer was started for. @throws Error for one that was never started */
  fire(seq: number): void {
    const timer = this.#pending.get(seq);
    if (timer === undefined) {
      // Cancelled meanwhile. One that was never started is another matter.
      if (seq <= this.#lastSeq) return;
      throw new Error(`Timer ${seq} fired, but this code has started only ${this.#lastSeq}.`);
    }
    this.#pending.delete(seq);
    timer.forgetCancel();
    timer.fire();
  }
}
