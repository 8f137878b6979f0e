import type { Dispatch, Dispatcher } from '../ports/dispatcher.js';
import type { AttemptCancellation } from '../run/turn.js';

/** Jobs handed to the dispatcher in one call. */
const JOBS_PER_CALL_MAX = 1_000;
/** What waits beyond this is given up and reported: a queue holds hints, and recovery dispatches again (law L1). */
const WAITING_MAX = 50_000;

export interface OutboxListener {
  /** These jobs, of these runs, are not on their queue. */
  dispatchFailed(taskQueue: string, jobs: number, runIds: string[], error: unknown): void;
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

/** What waits for one queue. */
interface Lane {
  dispatches: Dispatch[];
  cancellations: AttemptCancellation[];
}

/**
 * What committed turns have for the queues. For each queue one call to the dispatcher at a time, with whatever waits by then; so nobody waits for a
 * queue that cannot be reached, a queue that is slow holds back no other, and an attempt is never cancelled before it was dispatched.
 */
export class Outbox {
  readonly #lanes = new Map<string, Lane>();
  readonly #running = new Set<Promise<void>>();
  #waiting = 0;

  constructor(
    readonly dispatcher: Dispatcher,
    readonly listener: OutboxListener,
  ) {}

  add(dispatches: readonly Dispatch[], cancellations: readonly AttemptCancellation[]): void {
    if (this.#waiting > WAITING_MAX) {
      this.giveUp([...dispatches, ...cancellations], new OutboxFullError(WAITING_MAX));
      return;
    }
    dispatches.forEach((dispatch) => this.#laneOf(dispatch.taskQueue).dispatches.push(dispatch));
    cancellations.forEach((cancellation) => this.#laneOf(cancellation.taskQueue).cancellations.push(cancellation));
    this.#waiting += dispatches.length + cancellations.length;
  }

  /** Reports what will not go out from here, though it may have to. */
  giveUp(jobs: readonly { taskQueue: string; job: { runId: string } }[], error: unknown): void {
    const queues = new Map<string, { jobs: number; runIds: Set<string> }>();
    for (const { taskQueue, job } of jobs) {
      const queue = queues.get(taskQueue) ?? { jobs: 0, runIds: new Set() };
      queues.set(taskQueue, queue);
      queue.jobs += 1;
      queue.runIds.add(job.runId);
    }
    queues.forEach((queue, taskQueue) => this.listener.dispatchFailed(taskQueue, queue.jobs, [...queue.runIds], error));
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.all(this.#running);
    }
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** A queue has a lane for as long as something waits for it or is under way to it. */
  #laneOf(taskQueue: string): Lane {
    let lane = this.#lanes.get(taskQueue);
    if (lane === undefined) {
      lane = { dispatches: [], cancellations: [] };
      this.#lanes.set(taskQueue, lane);
      const run = this.#run(taskQueue, lane).finally(() => this.#running.delete(run));
      this.#running.add(run);
    }
    return lane;
  }

  async #run(taskQueue: string, lane: Lane): Promise<void> {
    // All turns of one commit go out together.
    await Promise.resolve();
    while (lane.dispatches.length + lane.cancellations.length > 0) {
      const dispatches = lane.dispatches.splice(0, JOBS_PER_CALL_MAX);
      // Cancellations wait until every dispatch before them has gone out.
      const cancellations = lane.dispatches.length === 0 ? lane.cancellations.splice(0, JOBS_PER_CALL_MAX) : [];
      await this.#send(dispatches, cancellations);
      this.#waiting -= dispatches.length + cancellations.length;
    }
    this.#lanes.delete(taskQueue);
  }

  async #send(dispatches: readonly Dispatch[], cancellations: readonly AttemptCancellation[]): Promise<void> {
    try {
      if (dispatches.length > 0) {
        await this.dispatcher.dispatch(dispatches);
      }
    } catch (error) {
      this.giveUp(dispatches, error);
    }
    try {
      if (cancellations.length > 0) {
        const { removed } = await this.dispatcher.cancel(cancellations.map(({ taskQueue, job, onlyIfWaiting }) => ({ taskQueue, job, ...(onlyIfWaiting === undefined ? {} : { onlyIfWaiting }) })));
        cancellations.filter((_, index) => removed[index] === true).forEach((cancellation) => this.listener.removed(cancellation));
      }
    } catch (error) {
      this.giveUp(cancellations, error);
    }
  }
}
