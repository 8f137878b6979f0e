import type { Clock } from '@backstitch/engine';
import {
  ACQUIRE_LOCK_ACTIVITY,
  decodePayloads,
  FAILURE_TYPE,
  LOCKS_TASK_QUEUE,
  RELEASE_LOCK_ACTIVITY,
  type ActivityJob,
  type ActivityOutcome,
  type Failure,
  type JsonValue,
  type PayloadCodec,
} from '@backstitch/protocol';
import type { JobQueues } from '@backstitch/queues';
import type { JobSink } from '../dispatch/queue-dispatcher.js';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { LockJob, LockTable } from './lock-table.js';

export interface LockSinkDependencies {
  /** For all other queues. */
  queues: JobSink & Pick<JobQueues, 'held' | 'isBusy'>;
  table: LockTable;
  clock: Clock;
  identity: string;
  logger: OrchestratorLogger;
  /** Names of locks are payloads. */
  payloadCodec: PayloadCodec | undefined;
  /** Brings an outcome to the replica that holds its run. */
  deliver: (outcomes: readonly ActivityOutcome[]) => Promise<void>;
}

const ABANDONED_PAGE = 100;

/**
 * The reserved task queue of locks, in front of the real queues: its jobs are answered from the database by whoever dispatches them. An attempt that waits has no
 * job anywhere; when its turn comes, whoever made it come answers. If that answer is lost, the attempt is dispatched again as every open one is, and finds its lock granted.
 */
export class LockSink implements JobSink {
  readonly #dependencies: LockSinkDependencies;
  readonly #answering = new Set<Promise<void>>();

  constructor(dependencies: LockSinkDependencies) {
    this.#dependencies = dependencies;
  }

  async addBulk(taskQueue: string, jobs: Parameters<JobSink['addBulk']>[1]): Promise<void> {
    if (taskQueue !== LOCKS_TASK_QUEUE) {
      return this.#dependencies.queues.addBulk(taskQueue, jobs);
    }
    for (const { data } of jobs) {
      await this.#take(data as ActivityJob);
    }
  }

  async remove(taskQueue: string, jobIds: Parameters<JobSink['remove']>[1]): Promise<boolean[]> {
    if (taskQueue !== LOCKS_TASK_QUEUE) {
      return this.#dependencies.queues.remove(taskQueue, jobIds);
    }
    return Promise.all(jobIds.map((jobId) => this.#dependencies.table.giveUp(keyOf(jobId))));
  }

  async requestCancel(taskQueue: string, jobId: string): Promise<boolean> {
    // Granted already: its undo gives it back.
    return taskQueue === LOCKS_TASK_QUEUE ? false : this.#dependencies.queues.requestCancel(taskQueue, jobId);
  }

  /** Which jobs a queue holds, for the audit: of locks none, so that attempts that wait for one are answered again. */
  async held(taskQueue: string, jobIds: readonly string[]): Promise<Set<string>> {
    return taskQueue === LOCKS_TASK_QUEUE ? new Set() : this.#dependencies.queues.held(taskQueue, jobIds);
  }

  /** Whether somebody serves a queue, for the audit: that of locks is served by this. */
  async isBusy(taskQueue: string): Promise<boolean> {
    return taskQueue === LOCKS_TASK_QUEUE || this.#dependencies.queues.isBusy(taskQueue);
  }

  /** Releases locks that nobody would release any more. Rejects where the store cannot be reached. */
  async releaseAbandoned(): Promise<number> {
    const { table, clock, logger } = this.#dependencies;
    const abandoned = await table.abandoned(ABANDONED_PAGE);
    for (const { name, key, ...run } of abandoned) {
      logger.warn({ lock: name, ...run }, 'a lock was released, since its run is closed');
      this.#grant(await table.release(name, key, run, clock.now()));
    }
    return abandoned.length;
  }

  /** As {@link releaseAbandoned}, without waiting for it; where it fails, the next audit does it. */
  releaseAbandonedSoon(): void {
    this.#keep(this.releaseAbandoned().then(() => undefined, (error: unknown) => this.#dependencies.logger.warn({ err: error }, 'locks of closed runs could not be released')));
  }

  async idle(): Promise<void> {
    while (this.#answering.size > 0) await Promise.all(this.#answering);
  }

  async #take(job: ActivityJob): Promise<void> {
    const { table, clock } = this.#dependencies;
    const name = lockNameOf(await decodePayloads(this.#dependencies.payloadCodec, job.input, NESTED));
    if (name === undefined) {
      this.#answer(job, { status: 'failed', failure: refusal(FAILURE_TYPE.invalidEnvelope, 'A lock has a name of 1 to 1,000 characters.') });
    } else if (job.activityType === RELEASE_LOCK_ACTIVITY) {
      const next = await table.release(name, job.undoOf?.key ?? job.key, job, clock.now());
      this.#answer(job, { status: 'completed', result: null });
      this.#grant(next);
    } else if (job.activityType === ACQUIRE_LOCK_ACTIVITY) {
      const state = await table.acquire(name, job, clock.now());
      if (state === 'granted') this.#answer(job, { status: 'completed', result: null });
      if (state === 'barred') this.#answer(job, { status: 'failed', failure: refusal(FAILURE_TYPE.stepUndone, `Lock "${name}" was given up before.`) });
    } else {
      this.#answer(job, { status: 'failed', failure: refusal(FAILURE_TYPE.activityNotRegistered, `No activity of locks is called "${job.activityType}".`) });
    }
  }

  #grant(next: LockJob | undefined): void {
    if (next !== undefined) this.#answer(next, { status: 'completed', result: null });
  }

  /** Not awaited: the engine that dispatches must not wait for itself. */
  #answer({ workflowId, runId, scheduledEventId, attempt, dispatch, key }: LockJob, outcome: ActivityOutcome['outcome']): void {
    const { deliver, clock, identity, logger } = this.#dependencies;
    const nowMs = clock.now();
    const answering = deliver([{ workflowId, runId, scheduledEventId, attempt, dispatch, key, startedAtMs: nowMs, finishedAtMs: nowMs, identity, outcome }])
      .catch((error: unknown) => logger.warn({ err: error, workflowId, runId }, 'the answer for a lock did not arrive; it is given again when the attempt is dispatched again'));
    this.#keep(answering);
  }

  #keep(work: Promise<void>): void {
    const kept = work.finally(() => this.#answering.delete(kept));
    this.#answering.add(kept);
  }
}

function refusal(type: string, message: string): Failure {
  return { message, source: 'Backstitch', applicationFailureInfo: { type, nonRetryable: true } };
}

/** An undo's input holds its step's, which is encoded by itself. */
const NESTED = 3;
const NAME_LENGTH_MAX = 1_000;

/** From the request, or from the undo's input around it. */
function lockNameOf([argument]: readonly JsonValue[]): string | undefined {
  const outer = objectOf(argument);
  const name = outer?.['name'] ?? objectOf(outer?.['input'])?.['name'];
  return typeof name === 'string' && name.length > 0 && name.length <= NAME_LENGTH_MAX ? name : undefined;
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  if (Array.isArray(value)) return objectOf(value[0]);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** A job's id begins with its run's id, which has five parts, and the event's. */
function keyOf(jobId: string): string {
  const parts = jobId.split('-');
  return `${parts.slice(0, 5).join('-')}/${parts[5] ?? ''}`;
}
