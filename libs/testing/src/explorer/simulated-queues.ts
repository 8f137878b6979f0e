import type { Dispatch, Dispatcher } from '@backstitch/engine';
import { activityJobId, compensationQueueOf, LOCKS_TASK_QUEUE, type ActivityJob, type ActivityOutcome } from '@backstitch/protocol';
import type { Course } from './course.js';
import type { QueuedEvent } from './event-queue.js';
import type { Names } from './names.js';
import type { FaultKind } from './schedule.js';

const LATE_MS = 2_000;
const HOUR_MS = 3_600_000;
/** Until a job whose worker is gone is handed out again. */
const STALLED_MS = 30_000;
/** Until a worker sees that its attempt's cancellation is requested. */
const CANCEL_SEEN_MS = 1_000;

const STEP_FAULTS: readonly FaultKind[] = ['late', 'very-late', 'twice', 'again-later', 'job-lost', 'fails', 'refused'];
const UNDO_FAULTS: readonly FaultKind[] = STEP_FAULTS.filter((fault) => fault !== 'refused');
const LOCK_FAULTS: readonly FaultKind[] = ['late', 'twice', 'job-lost'];

/** A job that a queue holds, waiting or in the hands of workers. */
export interface QueuedJob {
  readonly dispatch: Dispatch;
  readonly jobId: string;
  /** The activity's name and the attempt's number. */
  readonly name: string;
  delivery: QueuedEvent | undefined;
  timesTaken: number;
}

/** Who makes the attempts. */
export interface QueueListener {
  /** A worker takes the job. */
  taken(job: QueuedJob): void;
  /** The service answers by itself, without a worker's beginning the attempt. */
  answered(job: QueuedJob, outcome: ActivityOutcome['outcome']): void;
  /** The engine's own activity, for a saga's lock. */
  lockAsked(job: QueuedJob): void;
  /** Answers whether it still waited for its turn. */
  lockWithdrawn(job: Pick<ActivityJob, 'runId' | 'scheduledEventId'>): boolean;
  cancelRequested(jobId: string): void;
  /** Something was lost. */
  lost(): void;
}

type Address = Parameters<Dispatcher['cancel']>[0][number];

/** The queues: jobs wait, are handed out in order of time, and again if whoever had them is gone. */
export class SimulatedQueues implements Dispatcher {
  readonly #jobs = new Map<string, QueuedJob>();

  constructor(
    private readonly course: Course,
    private readonly names: Names,
    private readonly listener: QueueListener,
  ) {}

  async dispatch(dispatches: readonly Dispatch[]): Promise<void> {
    for (const dispatch of dispatches) {
      const jobId = activityJobId(dispatch.job);
      if (!this.#jobs.has(jobId)) {
        const kept = JSON.parse(JSON.stringify(dispatch)) as Dispatch;
        const job: QueuedJob = { dispatch: kept, jobId, name: `${this.names.ofJob(kept.job)}.${kept.job.attempt}`, delivery: undefined, timesTaken: 0 };
        this.#jobs.set(jobId, job);
        job.delivery = this.course.later(kept.delayMs, () => this.#deliver(job));
      }
    }
  }

  async cancel(attempts: readonly Address[]): Promise<{ removed: boolean[] }> {
    return {
      removed: attempts.map(({ job, onlyIfWaiting }) => {
        const jobId = activityJobId(job);
        const queued = this.#jobs.get(jobId);
        if (queued?.delivery !== undefined) {
          this.course.cancel(queued.delivery);
          this.#jobs.delete(jobId);
          return true;
        }
        if (this.listener.lockWithdrawn(job)) {
          return true;
        }
        if (queued !== undefined && onlyIfWaiting !== true) {
          this.course.later(CANCEL_SEEN_MS, () => this.listener.cancelRequested(jobId));
        }
        return false;
      }),
    };
  }

  holdsJobsOf(runId: string): boolean {
    return [...this.#jobs.values()].some(({ dispatch }) => dispatch.job.runId === runId);
  }

  /** Whoever had it is gone, or seems to be: it is handed out again, unless it was acknowledged meanwhile. */
  handOutAgain(job: QueuedJob): void {
    this.course.later(STALLED_MS, () => {
      if (this.#jobs.get(job.jobId) === job) {
        this.listener.taken(job);
      }
    });
  }

  /** Its worker has replied. */
  acknowledge(job: QueuedJob): void {
    if (this.#jobs.get(job.jobId) === job) {
      this.#jobs.delete(job.jobId);
    }
  }

  #deliver(job: QueuedJob): void {
    const { course, listener } = this;
    job.delivery = undefined;
    const isLock = isForLocks(job.dispatch.taskQueue);
    const take = (): void => (isLock ? listener.lockAsked(job) : listener.taken(job));
    const possible = isLock ? LOCK_FAULTS : job.dispatch.job.undoOf === undefined ? STEP_FAULTS : UNDO_FAULTS;
    const fault = course.pass(`${job.name}@handed-out`, possible, () => `A worker is to get the job of ${quoted(job)}`);
    switch (fault) {
      case 'late':
        job.delivery = course.later(LATE_MS, () => this.#take(job, take));
        break;
      case 'very-late':
        job.delivery = course.later(HOUR_MS, () => this.#take(job, take));
        break;
      case 'twice':
        take();
        course.later(0, take);
        break;
      case 'again-later':
        take();
        course.later(HOUR_MS, take);
        break;
      case 'job-lost':
        this.#jobs.delete(job.jobId);
        listener.lost();
        break;
      case 'fails':
        listener.answered(job, { status: 'failed', failure: { message: 'The service cannot be reached.', source: 'Explorer', applicationFailureInfo: { type: 'ServiceUnavailable' } } });
        break;
      case 'refused':
        listener.answered(job, { status: 'failed', failure: { message: 'The service refuses.', source: 'Explorer', applicationFailureInfo: { type: 'Refused', nonRetryable: true } } });
        break;
      default:
        take();
    }
  }

  #take(job: QueuedJob, take: () => void): void {
    job.delivery = undefined;
    take();
  }
}

/** For a sentence: the activity, and which attempt if it is not the first. */
export function quoted({ dispatch: { job }, name }: QueuedJob): string {
  const activity = name.slice(0, name.lastIndexOf('.'));
  return job.attempt === 1 ? `"${activity}"` : `"${activity}" (attempt ${job.attempt})`;
}

function isForLocks(taskQueue: string): boolean {
  return taskQueue === LOCKS_TASK_QUEUE || taskQueue === compensationQueueOf(LOCKS_TASK_QUEUE);
}
