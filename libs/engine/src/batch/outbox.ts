import type { Dispatch, Dispatcher } from '../ports/dispatcher.js';
import type { AttemptCancellation } from '../run/turn.js';

/** Jobs handed to the dispatcher in one call. */
const JOBS_PER_CALL_MAX = 1_000;
/** What waits beyond this is given up and reported: a queue holds hints, and recovery dispatches again (law L1). */
const WAITING_MAX = 50_000;

export interface OutboxListener {
  /** These jobs are not on their queue. */
  dispatchFailed(taskQueue: string, jobs: number, error: unknown): void;
  /** The attempt was taken off its queue before it began. */
  removed(cancellation: AttemptCancellation): void;
}

/** More waits for the queues than the outbox holds. */
export class OutboxFullError extends Error {
  override readonly name = 'OutboxFullError';
  constructor(readonly waitingMax: number) {
    super(`More than ${waitingMax} jobs wait for their queues.`);
  }
}

/**
 * What committed turns have for the queues. One call to the dispatcher at a time, with whatever waits by then; so nobody waits for a queue that
 * cannot be reached, and an attempt is never cancelled before it was dispatched.
 */
export class Outbox {
  #dispatches: Dispatch[] = [];
  #cancellations: AttemptCancellation[] = [];
  #running: Promise<void> | undefined;

  constructor(
    readonly dispatcher: Dispatcher,
    readonly listener: OutboxListener,
  ) {}

  add(dispatches: readonly Dispatch[], cancellations: readonly AttemptCancellation[]): void {
    if (this.#dispatches.length + this.#cancellations.length > WAITING_MAX) {
      this.#report(dispatches, cancellations, new OutboxFullError(WAITING_MAX));
      return;
    }
    this.#dispatches.push(...dispatches);
    this.#cancellations.push(...cancellations);
    if (this.#dispatches.length + this.#cancellations.length > 0) {
      this.#running ??= this.#run();
    }
  }

  /** Reports jobs that will not be dispatched from here, though they may have to be. */
  giveUp(dispatches: readonly Dispatch[], error: unknown): void {
    this.#report(dispatches, [], error);
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // All turns of one commit go out together.
    await Promise.resolve();
    while (this.#dispatches.length + this.#cancellations.length > 0) {
      const dispatches = this.#dispatches.splice(0, JOBS_PER_CALL_MAX);
      // Cancellations wait until every dispatch before them has gone out.
      const cancellations = this.#dispatches.length === 0 ? this.#cancellations.splice(0, JOBS_PER_CALL_MAX) : [];
      await this.#send(dispatches, cancellations);
    }
    this.#running = undefined;
  }

  async #send(dispatches: readonly Dispatch[], cancellations: readonly AttemptCancellation[]): Promise<void> {
    try {
      if (dispatches.length > 0) {
        await this.dispatcher.dispatch(dispatches);
      }
    } catch (error) {
      this.#report(dispatches, [], error);
    }
    try {
      if (cancellations.length > 0) {
        const { removed } = await this.dispatcher.cancel(cancellations.map(({ taskQueue, job }) => ({ taskQueue, job })));
        cancellations.filter((_, index) => removed[index] === true).forEach((cancellation) => this.listener.removed(cancellation));
      }
    } catch (error) {
      this.#report([], cancellations, error);
    }
  }

  #report(dispatches: readonly Dispatch[], cancellations: readonly AttemptCancellation[], error: unknown): void {
    const jobs = new Map<string, number>();
    [...dispatches, ...cancellations].forEach(({ taskQueue }) => jobs.set(taskQueue, (jobs.get(taskQueue) ?? 0) + 1));
    jobs.forEach((count, taskQueue) => this.listener.dispatchFailed(taskQueue, count, error));
  }
}
