import type { Dispatch, Dispatcher } from '@backstitch/engine';
import { activityJobId, type ActivityJob } from '@backstitch/protocol';

type AttemptAddress = { taskQueue: string; job: Pick<ActivityJob, 'runId' | 'scheduledEventId' | 'attempt' | 'dispatch'>; onlyIfWaiting?: boolean };

/** Dispatcher in memory, for tests: jobs wait until the test takes them. */
export class InMemoryDispatcher implements Dispatcher {
  readonly #waiting = new Map<string, Dispatch>();
  /** Ids of jobs taken and not reported as ended. */
  readonly #running = new Set<string>();
  /** Every dispatch that was ever taken on, in order. */
  readonly dispatched: Dispatch[] = [];
  /** One entry for each call of `dispatch`. */
  readonly calls: Dispatch[][] = [];
  /** Ids of jobs whose worker would read the flag that asks it to give up. */
  readonly flagged = new Set<string>();
  /** While true every call rejects, as if the queue could not be reached. */
  unreachable = false;

  async dispatch(dispatches: readonly Dispatch[]): Promise<void> {
    this.#refuseIfUnreachable();
    this.calls.push([...dispatches]);
    for (const dispatch of dispatches) {
      const jobId = activityJobId(dispatch.job);
      if (!this.#waiting.has(jobId) && !this.#running.has(jobId)) {
        const kept = JSON.parse(JSON.stringify(dispatch)) as Dispatch;
        this.#waiting.set(jobId, kept);
        this.dispatched.push(kept);
      }
    }
  }

  async cancel(attempts: readonly AttemptAddress[]): Promise<{ removed: boolean[] }> {
    this.#refuseIfUnreachable();
    return {
      removed: attempts.map(({ job, onlyIfWaiting }) => {
        const jobId = activityJobId(job);
        if (this.#waiting.delete(jobId)) {
          return true;
        }
        if (onlyIfWaiting !== true) {
          this.flagged.add(jobId);
        }
        return false;
      }),
    };
  }

  /** Jobs that wait, in order of arrival. */
  waiting(taskQueue?: string): Dispatch[] {
    return [...this.#waiting.values()].filter((dispatch) => taskQueue === undefined || dispatch.taskQueue === taskQueue);
  }

  /** Takes the first job that waits (of that activity type, if given) as a worker would; throws where none waits. */
  take(activityType?: string): ActivityJob {
    const found = this.waiting().find(({ job }) => activityType === undefined || job.activityType === activityType);
    if (found === undefined) {
      throw new Error(`No job waits${activityType === undefined ? '' : ` for "${activityType}"`}.`);
    }
    const jobId = activityJobId(found.job);
    this.#waiting.delete(jobId);
    this.#running.add(jobId);
    return found.job;
  }

  /** Forgets everything that waits or runs, as a flush of Redis does. */
  flush(): void {
    this.#waiting.clear();
    this.#running.clear();
    this.flagged.clear();
  }

  #refuseIfUnreachable(): void {
    if (this.unreachable) {
      throw new Error('The queue cannot be reached.');
    }
  }
}
