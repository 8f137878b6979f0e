import type { Dispatch, Dispatcher } from '@backstitch/engine';
import { activityJobId, compensationQueueOf, LOCKS_TASK_QUEUE, type ActivityJob, type ActivityOutcome } from '@backstitch/protocol';
import { ActivityAttempt, type ActivityFunction } from './activity-attempt.js';
import type { HarnessClock } from './harness-clock.js';
import { InMemoryLocks } from './in-memory-locks.js';

/** Attempts that have not ended so long after their worker was told to stop are left to themselves. */
const STOP_GRACE_MS = 1_000;

/** Who serves a task queue's activities, while it runs. */
export interface ActivityServer {
  taskQueue: string;
  identity: string;
  activities: ReadonlyMap<string, ActivityFunction>;
}

type Address = { taskQueue: string; job: Pick<ActivityJob, 'runId' | 'scheduledEventId' | 'attempt' | 'dispatch'>; onlyIfWaiting?: boolean };

/** The queues and the services in one process: attempts wait until a worker serves their queue, then run as plain functions. */
export class InProcessActivities implements Dispatcher {
  readonly #servers = new Set<ActivityServer>();
  readonly #delayed = new Map<string, { dispatch: Dispatch; cancel: () => void }>();
  readonly #waiting = new Map<string, Dispatch>();
  /** What ends the hold of attempts whose result comes from outside, by run and activity. */
  readonly #outside = new Map<string, Map<string, () => void>>();
  readonly #running = new Map<string, { attempt: ActivityAttempt; server: ActivityServer; ended: Promise<void> }>();

  readonly #locks: InMemoryLocks;

  constructor(
    private readonly clock: HarnessClock,
    private readonly tokenSecret: string,
    private readonly client: () => unknown,
    private readonly deliver: (outcome: ActivityOutcome) => Promise<void>,
  ) {
    this.#locks = new InMemoryLocks(() => clock.now(), deliver);
  }

  /** From now on that server takes what is on its queue. Answers what ends that, once its attempts have ended. */
  serve(server: ActivityServer): { stop: () => Promise<void>; crash: () => void } {
    this.#servers.add(server);
    this.#takeAll();
    return {
      stop: async () => {
        this.#servers.delete(server);
        const running = this.#runningOf(server);
        running.forEach(([, { attempt }]) => attempt.workerStops());
        const ended = Promise.all(running.map(([, one]) => one.ended));
        let timer: NodeJS.Timeout | undefined;
        await Promise.race([ended, new Promise((resolve) => (timer = setTimeout(resolve, STOP_GRACE_MS)))]);
        clearTimeout(timer);
        this.#crash(server);
      },
      crash: () => {
        this.#servers.delete(server);
        this.#crash(server);
      },
    };
  }

  #runningOf(server: ActivityServer) {
    return [...this.#running].filter(([, running]) => running.server === server);
  }

  #crash(server: ActivityServer): void {
    for (const [jobId, { attempt }] of this.#runningOf(server)) {
      this.#running.delete(jobId);
      attempt.crash();
    }
  }

  dispatch(dispatches: readonly Dispatch[]): Promise<void> {
    for (const dispatch of dispatches) {
      const jobId = activityJobId(dispatch.job);
      if (this.#delayed.has(jobId) || this.#waiting.has(jobId) || this.#running.has(jobId)) {
        continue;
      }
      const kept = JSON.parse(JSON.stringify(dispatch)) as Dispatch;
      if (dispatch.delayMs > 0) {
        const cancel = this.clock.at(this.clock.now() + dispatch.delayMs, () => {
          this.#delayed.delete(jobId);
          this.#arrive(jobId, kept);
        });
        this.#delayed.set(jobId, { dispatch: kept, cancel });
      } else {
        this.#arrive(jobId, kept);
      }
    }
    return Promise.resolve();
  }

  cancel(attempts: readonly Address[]): Promise<{ removed: boolean[] }> {
    const removed = attempts.map(({ job, onlyIfWaiting }) => {
      const jobId = activityJobId(job);
      this.#delayed.get(jobId)?.cancel();
      if (onlyIfWaiting !== true) {
        this.#running.get(jobId)?.attempt.cancel();
      }
      return this.#delayed.delete(jobId) || this.#waiting.delete(jobId) || this.#locks.withdraw(job);
    });
    return Promise.resolve({ removed });
  }

  /** What nobody has taken yet, delayed jobs among it. */
  waiting(taskQueue: string): Dispatch[] {
    const delayed = [...this.#delayed.values()].map(({ dispatch }) => dispatch);
    return [...this.#waiting.values(), ...delayed].filter((dispatch) => dispatch.taskQueue === taskQueue);
  }

  /** An activity was completed, failed or cancelled from outside. */
  closedOutside(runId: string, activityId: string): void {
    this.#outside.get(runId)?.get(activityId)?.();
    this.#outside.get(runId)?.delete(activityId);
  }

  /** A run was closed: nobody waits for what is left of it. */
  runClosed(runId: string): void {
    this.#outside.get(runId)?.forEach((release) => release());
    this.#outside.delete(runId);
  }

  async #tell(outcome: ActivityOutcome, { runId, activityId }: ActivityJob): Promise<void> {
    if (outcome.outcome.status === 'running' && outcome.outcome.completesOutside === true) {
      this.closedOutside(runId, activityId);
      const ofRun = this.#outside.get(runId) ?? new Map<string, () => void>();
      this.#outside.set(runId, ofRun.set(activityId, this.clock.holdForOutside()));
    }
    await this.deliver(outcome);
  }

  #arrive(jobId: string, dispatch: Dispatch): void {
    this.#waiting.set(jobId, dispatch);
    this.#takeAll();
  }

  #takeAll(): void {
    for (const [jobId, { taskQueue, job }] of this.#waiting) {
      const server = [...this.#servers].reverse().find((one) => one.taskQueue === taskQueue || compensationQueueOf(one.taskQueue) === taskQueue);
      if (server === undefined && isForLocks(taskQueue)) {
        this.#waiting.delete(jobId);
        const release = this.clock.hold();
        void this.#locks.take(job).finally(release);
      } else if (server !== undefined) {
        this.#waiting.delete(jobId);
        const { clock, tokenSecret } = this;
        const tell = async (outcome: ActivityOutcome): Promise<void> => this.#tell(outcome, job);
        const attempt = new ActivityAttempt(job, { clock, tokenSecret, tell, identity: server.identity, taskQueue, client: this.client() });
        const ended = attempt.run(server.activities.get(job.activityType) ?? server.activities.get('default')).finally(() => this.#running.delete(jobId));
        this.#running.set(jobId, { attempt, server, ended });
      }
    }
  }
}

/** Whether the engine itself put the job there, for a saga's lock or its undo. */
function isForLocks(taskQueue: string): boolean {
  return taskQueue === LOCKS_TASK_QUEUE || taskQueue === compensationQueueOf(LOCKS_TASK_QUEUE);
}
