import { withDeadline } from './deadline.js';
import { QueuesClosedError, QueueUnavailableError } from './errors.js';
import { silentLogger, throttledErrorLog, type QueueLogger } from './logger.js';
import { PostgresQueues } from './postgres/postgres-queues.js';
import { CANCEL_REQUESTED_PROGRESS, progressOf, type AnyQueue, type QueueBackend, type SizedJob } from './queue-backend.js';
import type { QueueConnection } from './queue-connection.js';
import { RedisQueues } from './redis/redis-queues.js';

/** A job to be added. */
export interface NewJob {
  /** Shown in Bull Board; the activity's type. */
  name: string;
  /** JSON. */
  data: unknown;
  /** The same as text, where the caller has it: then it need not be made. */
  dataJson?: string;
  /** Not an integer. A job whose id the queue holds is not added again. */
  jobId: string;
  /** Not before so many milliseconds from now. Default 0. */
  delayMs?: number;
}

export interface JobQueuesOptions {
  logger?: QueueLogger;
  /** A call that has no answer after so long rejects with QueueUnavailableError. Default 5,000. */
  timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 5_000;
/** Jobs and bytes in one round trip. */
const CHUNK_JOBS_MAX = 200;
const CHUNK_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Puts jobs on queues and takes them off, on Redis or Postgres.
 *
 * Guarantees: a resolved `addBulk` means that the backend has the jobs; a job id that the queue holds is not added twice; calls reject within a few
 * seconds when the backend cannot be reached (QueueUnavailableError). After such a rejection the jobs may have been added, or some of them.
 *
 * Does not promise: that a job survives a flush of Redis (see `onFlushed`, `onRestarted`), nor that it is delivered only once.
 */
export class JobQueues {
  private readonly backend: QueueBackend;
  private readonly timeoutMs: number;
  private readonly stopWatching = new Set<() => void>();
  private closed = false;

  constructor(connection: QueueConnection, options: JobQueuesOptions = {}) {
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const onError = throttledErrorLog(options.logger ?? silentLogger, { backend: connection.backend }, 'queue connection failed');
    this.backend = connection.backend === 'redis' ? new RedisQueues(connection, this.timeoutMs, onError) : new PostgresQueues(connection, onError);
  }

  /** Adds jobs in few round trips, in order, each with its own time limit. Rejects with QueueUnavailableError. */
  async addBulk(queueName: string, jobs: readonly NewJob[]): Promise<void> {
    // One limit for all of them would take a queue that is busy for one that is down, and what it took all the same would be added again.
    for (const chunk of chunksOf(jobs)) {
      await this.call(queueName, () => this.backend.addBulk(queueName, chunk));
    }
  }

  /** Takes jobs off that no worker has begun. True: taken off, by the first of ids given twice. False: running, ended, or never there. */
  async remove(queueName: string, jobIds: readonly string[]): Promise<boolean[]> {
    if (jobIds.length === 0) return [];
    return this.call(queueName, () => this.backend.removeWaiting(queueName, jobIds));
  }

  /** Leaves the flag that a running job's worker reads when it heartbeats or renews its lock. False: the queue holds no such job. */
  async requestCancel(queueName: string, jobId: string): Promise<boolean> {
    return this.call(queueName, async () => {
      try {
        await this.backend.queue(queueName).getBackend().updateProgress(jobId, CANCEL_REQUESTED_PROGRESS);
        return true;
      } catch (error) {
        if (error instanceof Error && error.message.startsWith('Missing key')) return false;
        throw error;
      }
    });
  }

  /** Those of the jobs that the queue will still hand out, or has handed out: they wait, are delayed or are being worked on. */
  async held(queueName: string, jobIds: readonly string[]): Promise<Set<string>> {
    if (jobIds.length === 0) return new Set();
    return this.call(queueName, () => this.backend.held(queueName, jobIds));
  }

  /** Whether a worker that lives is at one of the queue's jobs. A queue that holds jobs which are due and is not busy, and that again and again, is served by nobody. */
  async isBusy(queueName: string): Promise<boolean> {
    return this.call(queueName, () => this.backend.isBusy(queueName));
  }

  /** Those of the jobs whose cancellation was requested. */
  async cancelRequested(queueName: string, jobIds: readonly string[]): Promise<Set<string>> {
    if (jobIds.length === 0) return new Set();
    return this.call(queueName, () => this.backend.cancelRequested(queueName, jobIds));
  }

  /**
   * Shows how far a running job has come, as Bull Board's progress: a number is a percentage, anything else stands under `details`. Answers whether its cancellation
   * was requested; both are one round trip. A job that the queue does not hold is not cancelled.
   */
  async heartbeat(queueName: string, jobId: string, details?: unknown): Promise<boolean> {
    return this.call(queueName, () => this.backend.heartbeat(queueName, jobId, progressOf(details), { ...CANCEL_REQUESTED_PROGRESS, ...(details === undefined ? {} : { details }) }));
  }

  /** BullMQ's own object, for Bull Board. Closed with this. */
  queue(queueName: string): AnyQueue {
    if (this.closed) throw new QueuesClosedError();
    return this.backend.queue(queueName);
  }

  /**
   * Calls the listener after the queues were emptied behind our back, within about a second (law L1): on Redis when the marker key is missing or
   * is another one than before; that is also so at the very first start. On Postgres never. Returns how to stop.
   */
  onFlushed(listener: () => void): () => void {
    return this.watch((backend) => backend.watchFlush(listener));
  }

  /**
   * Calls the listener after Redis was restarted, as soon as it can be reached again: a crash may have taken the jobs of about the last second
   * (appendfsync everysec) and left the marker, so that `onFlushed` hears nothing (law L1). Not at the first connection, nor when the connection to
   * the same server was merely broken. Both listeners are called if Redis comes back empty. On Postgres never. Returns how to stop.
   */
  onRestarted(listener: () => void): () => void {
    return this.watch((backend) => backend.watchRestart(listener));
  }

  /** Resolves if the backend answers; rejects with QueueUnavailableError. For health checks. */
  async ping(queueName: string): Promise<void> {
    await this.call(queueName, () => this.backend.ping(queueName));
  }

  /** Ends all connections. Safe to call twice. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const stop of this.stopWatching) stop();
    await this.backend.close();
  }

  private watch(begin: (backend: QueueBackend) => () => void): () => void {
    if (this.closed) throw new QueuesClosedError();
    const stop = begin(this.backend);
    this.stopWatching.add(stop);
    return () => {
      this.stopWatching.delete(stop);
      stop();
    };
  }

  private async call<T>(queueName: string, work: () => Promise<T>): Promise<T> {
    if (this.closed) throw new QueuesClosedError();
    try {
      return await withDeadline(
        this.backend.waitUntilReachable(queueName).then(work),
        this.timeoutMs,
      );
    } catch (cause) {
      throw new QueueUnavailableError(queueName, { cause });
    }
  }
}

function* chunksOf(jobs: readonly NewJob[]): Generator<readonly SizedJob[]> {
  let chunk: SizedJob[] = [];
  let bytes = 0;
  for (const { name, data, dataJson = JSON.stringify(data ?? {}), jobId, delayMs } of jobs) {
    if (chunk.length > 0 && (chunk.length >= CHUNK_JOBS_MAX || bytes + dataJson.length > CHUNK_BYTES_MAX)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push({ name, data, dataJson, jobId, delayMs });
    bytes += dataJson.length;
  }
  if (chunk.length > 0) yield chunk;
}
