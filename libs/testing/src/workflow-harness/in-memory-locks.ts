import { ACQUIRE_LOCK_ACTIVITY, FAILURE_TYPE, type ActivityJob, type ActivityOutcome, type AttemptEnding, type LockRequest } from '@backstitch/protocol';

type Place = Pick<ActivityJob, 'runId' | 'scheduledEventId'>;

/** The locks of sagas in memory, as the orchestrator's host answers them: each goes to whoever asks, in order of asking, and on when its undo gives it back. */
export class InMemoryLocks {
  /** Who asked, by name; the first has it. */
  readonly #queues = new Map<string, ActivityJob[]>();
  /** Keys of requests that were given back or up: they get no lock any more. */
  readonly #over = new Set<string>();

  constructor(
    private readonly now: () => number,
    private readonly deliver: (outcome: ActivityOutcome) => Promise<void>,
  ) {}

  /** Takes an attempt of the engine's own activities for locks. */
  async take(job: ActivityJob): Promise<void> {
    if (job.activityType === ACQUIRE_LOCK_ACTIVITY) {
      await this.#acquire(job);
    } else {
      await this.#release(job);
    }
  }

  /** Takes a request off its queue; answers whether it was waiting. */
  withdraw({ runId, scheduledEventId }: Place): boolean {
    for (const queue of this.#queues.values()) {
      const index = queue.findIndex((job) => job.runId === runId && job.scheduledEventId === scheduledEventId);
      if (index > 0) {
        queue.splice(index, 1);
        return true;
      }
    }
    return false;
  }

  async #acquire(job: ActivityJob): Promise<void> {
    if (this.#over.has(job.key)) {
      const failure = { message: 'The lock was given up.', source: 'Backstitch', applicationFailureInfo: { type: FAILURE_TYPE.stepUndone, nonRetryable: true } };
      return this.#answer(job, { status: 'failed', failure });
    }
    const { name } = job.input[0] as unknown as LockRequest;
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    const asked = queue.findIndex(({ key }) => key === job.key);
    const index = asked === -1 ? queue.push(job) - 1 : asked;
    queue[index] = job;
    if (index === 0) {
      await this.#answer(job, { status: 'completed', result: null });
    }
  }

  async #release(job: ActivityJob): Promise<void> {
    const key = job.undoOf?.key ?? job.key;
    this.#over.add(key);
    await this.#answer(job, { status: 'completed', result: null });
    for (const queue of this.#queues.values()) {
      const index = queue.findIndex((asked) => asked.key === key);
      if (index >= 0) {
        queue.splice(index, 1);
        const [next] = queue;
        if (index === 0 && next !== undefined) {
          await this.#answer(next, { status: 'completed', result: null });
        }
      }
    }
  }

  async #answer({ workflowId, runId, scheduledEventId, attempt, dispatch, key }: ActivityJob, outcome: AttemptEnding): Promise<void> {
    const nowMs = this.now();
    await this.deliver({ workflowId, runId, scheduledEventId, attempt, dispatch, key, startedAtMs: nowMs, finishedAtMs: nowMs, identity: 'locks', outcome });
  }
}
