import type { Dispatch, Dispatcher } from '@backstitch/engine';
import { activityJobId, type ActivityJob } from '@backstitch/protocol';
import type { JobQueues } from '@backstitch/queues';

/** What the dispatcher needs of the queues. */
export type JobSink = Pick<JobQueues, 'addBulk' | 'remove' | 'requestCancel'>;

/** A queue took no jobs a moment ago and is not asked again before its next trial. */
export class QueueSuspendedError extends Error {
  override readonly name = 'QueueSuspendedError';
  readonly code = 'QUEUE_SUSPENDED';
  constructor(readonly taskQueue: string) {
    super(`Queue "${taskQueue}" could not be reached a moment ago; its jobs are dispatched when it is back.`);
  }
}

export interface QueueDispatcherObserver {
  /** These runs have an attempt that is on no queue. */
  failed(taskQueue: string, runIds: readonly string[], error: unknown): void;
}

/**
 * Puts attempts on BullMQ queues, in bulk for each queue.
 *
 * A queue that failed is suspended: dispatches to it fail at once, without waiting for time-outs, until its recovery {@link resume}s it for a trial.
 * So a queue that is down slows nothing that does not need it.
 */
export class QueueDispatcher implements Dispatcher {
  readonly #sink: JobSink;
  readonly #observer: QueueDispatcherObserver;
  readonly #suspended = new Set<string>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(sink: JobSink, observer: QueueDispatcherObserver) {
    this.#sink = sink;
    this.#observer = observer;
  }

  async dispatch(dispatches: readonly Dispatch[]): Promise<void> {
    const work = Promise.allSettled([...groupByQueue(dispatches)].map(([taskQueue, jobs]) => this.#dispatchTo(taskQueue, jobs)));
    this.#underWay.add(work);
    const results = await work;
    this.#underWay.delete(work);
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) {
      throw failure.reason;
    }
  }

  /** Never rejects: what cannot be cancelled now is cancelled when its queue is back and its run is dispatched again. */
  async cancel(attempts: readonly Cancellation[]): Promise<{ removed: boolean[] }> {
    const removed = attempts.map(() => false);
    const positions = attempts.map(({ taskQueue, job, onlyIfWaiting }, position) => ({ taskQueue, runId: job.runId, jobId: activityJobId(job), position, onlyIfWaiting }));
    await Promise.all(
      [...groupByQueue(positions)].map(async ([taskQueue, waiting]) => {
        try {
          this.#refuseIfSuspended(taskQueue);
          const answers = await this.#sink.remove(taskQueue, waiting.map(({ jobId }) => jobId));
          waiting.forEach(({ position }, index) => (removed[position] = answers[index] === true));
          const running = waiting.filter(({ onlyIfWaiting }, index) => answers[index] !== true && onlyIfWaiting !== true);
          await Promise.all(running.map(({ jobId }) => this.#sink.requestCancel(taskQueue, jobId)));
        } catch (error) {
          this.#suspend(taskQueue, waiting.map(({ runId }) => runId), error);
        }
      }),
    );
    return { removed };
  }

  /** Lets the next dispatch to this queue through. */
  resume(taskQueue: string): void {
    this.#suspended.delete(taskQueue);
  }

  isSuspended(taskQueue: string): boolean {
    return this.#suspended.has(taskQueue);
  }

  /** Resolves when the queues have answered whatever is on its way to them now; what is sent meanwhile is not waited for. */
  async taken(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #dispatchTo(taskQueue: string, dispatches: Dispatch[]): Promise<void> {
    try {
      this.#refuseIfSuspended(taskQueue);
      await this.#sink.addBulk(
        taskQueue,
        dispatches.map(({ job, delayMs }) => ({ name: job.activityType, data: job, jobId: activityJobId(job), delayMs })),
      );
    } catch (error) {
      this.#suspend(taskQueue, dispatches.map(({ job }) => job.runId), error);
      throw error;
    }
  }

  #refuseIfSuspended(taskQueue: string): void {
    if (this.#suspended.has(taskQueue)) {
      throw new QueueSuspendedError(taskQueue);
    }
  }

  #suspend(taskQueue: string, runIds: readonly string[], error: unknown): void {
    this.#suspended.add(taskQueue);
    this.#observer.failed(taskQueue, [...new Set(runIds)], error);
  }
}

type Cancellation = { taskQueue: string; job: Pick<ActivityJob, 'runId' | 'scheduledEventId' | 'attempt' | 'dispatch'>; onlyIfWaiting?: boolean };

function groupByQueue<T extends { taskQueue: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.taskQueue);
    if (group === undefined) groups.set(item.taskQueue, [item]);
    else group.push(item);
  }
  return groups;
}
