import { createRedisBackend, raw2NextJobData, UnrecoverableError, Worker, type Job, type JobJson, type RedisQueueBackend, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_QUEUE_PREFIX, type RedisQueueConnection } from '../queue-connection.js';
import { coalesceWrites } from './coalesce-writes.js';
import { JobCommands, type Taken } from './job-commands.js';
import { workerRedisOptions } from './redis-options.js';
import { TakenJob } from './taken-job.js';

export interface RedisWorkerOptions extends Omit<WorkerOptions, 'connection' | 'prefix' | 'autorun'> {
  concurrency: number;
  lockDuration: number;
  /** Seconds that an idle worker waits before it looks of itself. */
  drainDelay: number;
  /** How soon is tried again what failed for want of a connection, in milliseconds. */
  runRetryDelay: number;
}

/** Taken at once by a worker that has room for more: what is left wakes another worker meanwhile. */
const JOBS_TAKEN_MAX = 16;
/** A queue whose rate limit holds is asked again after so long, whatever it said: somebody may have lifted the limit. */
const RATE_LIMIT_WAIT_MS_MAX = 30_000;

/**
 * BullMQ's worker with a loop of its own. Its jobs, keys, locks and the care for stalled ones are BullMQ's, and plain BullMQ workers can share the queue. But jobs that
 * end in one turn of the event loop, and those that are taken in their place, are one command; a worker with room takes several jobs at once; and a job
 * that goes well costs a few promises instead of dozens. Jobs that fail, or are anything but plain, are ended by BullMQ's own means.
 */
export class RedisWorker extends Worker<unknown, unknown> {
  private readonly redis: Redis;
  private readonly commands: JobCommands;
  /** One for all of the worker's jobs. */
  private readonly lockToken = randomUUID();
  private readonly stopping = new AbortController();
  /** Jobs from being taken until whatever became of them is in Redis. */
  private inHand = 0;
  private ending: TakenJob[] = [];
  private onRoom: (() => void) | undefined;
  /** The last look found fewer jobs than there was room for: there is nothing before Redis says so, or a delayed job is due. */
  private ranOut = false;
  private nextDelayedMs = 0;

  constructor(
    connection: RedisQueueConnection,
    queueName: string,
    private readonly handle: (job: TakenJob) => Promise<unknown>,
    private readonly options: RedisWorkerOptions,
  ) {
    const redis = coalesceWrites(new Redis(connection.url, workerRedisOptions()));
    // BullMQ reports errors for as long as the worker is open.
    redis.on('error', () => undefined);
    const prefix = connection.prefix ?? DEFAULT_QUEUE_PREFIX;
    let backend!: RedisQueueBackend;
    super(queueName, () => Promise.reject(new Error('This worker has a loop of its own.')), { ...options, connection: redis, prefix, autorun: false }, (...parameters) => {
      backend = createRedisBackend(...parameters);
      return backend;
    });
    this.redis = redis;
    this.commands = new JobCommands(redis, backend, { queueName, prefix, lockToken: this.lockToken, lockDurationMs: options.lockDuration });
    this.once('closing', () => this.stopping.abort());
    // What `run` starts, and `close` waits for.
    this['mainLoop'] = () => this.loop();
    this.run().catch((error: unknown) => this.emit('error', error as Error));
  }

  /** BullMQ ends only the blocking connection, which it makes itself. */
  disconnectRedis(): void {
    this.redis.disconnect();
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async loop(): Promise<void> {
    while (!this.isStopping) {
      if (this.inHand >= this.options.concurrency) {
        await this.room();
        continue;
      }
      try {
        const { jobs, rateLimitMs } = await this.fetch(Math.min(JOBS_TAKEN_MAX, this.options.concurrency - this.inHand));
        if (this.isStopping) await this.commands.putBack(jobs);
        else for (const job of jobs) this.begin(job);
        if (jobs.length === 0 && rateLimitMs > 0) await this.rest(Math.min(rateLimitMs, RATE_LIMIT_WAIT_MS_MAX));
      } catch (error) {
        if (this.isStopping) break;
        this.emit('error', error as Error);
        await this.rest(this.options.runRetryDelay);
        if (!this.isStopping) await this.redisBackend.reconnectBlocking().catch((cause: unknown) => this.emit('error', cause as Error));
      }
    }
    while (this.inHand > 0) await this.room();
  }

  private async fetch(wanted: number): Promise<Taken> {
    let taken: Taken | undefined;
    if (this.ranOut) {
      const untilDueS = this.nextDelayedMs === 0 ? Infinity : (this.nextDelayedMs - Date.now()) / 1_000;
      if (untilDueS > 0) taken = await this.commands.waitAndTake(Math.max(Math.min(untilDueS, this.options.drainDelay), this.minimumBlockTimeout), wanted);
    } else await this.backend.client;
    taken ??= await this.commands.finish([], wanted);
    this.ranOut = taken.jobs.length < wanted && taken.rateLimitMs <= 0;
    this.nextDelayedMs = taken.nextDelayedMs;
    return taken;
  }

  private begin({ jobId, fields }: Taken['jobs'][number]): void {
    this.inHand += 1;
    const job = new TakenJob(jobId, fields, this.lockToken, (id, token) => this.backend.moveJobFromActiveToWait(id, token));
    this.lockManager.trackJob(jobId, this.lockToken, Date.now());
    if (job.isRepeated) this.nextJobFromJobData(this.jsonOf(job), jobId, this.lockToken).catch((error: unknown) => this.emit('error', error as Error));
    const working = job.deferredFailure === undefined ? this.handle(job) : Promise.reject(new UnrecoverableError(job.deferredFailure));
    working.then(
      (result) => (job.isPlain ? this.complete(job) : void this.endByBullMq(job, (ordinary) => this.handleCompleted(result, ordinary, this.lockToken, () => false))),
      (error: unknown) => void this.endByBullMq(job, (ordinary) => this.handleFailed(error as Error, ordinary, this.lockToken, () => false)),
    );
  }

  private complete(job: TakenJob): void {
    this.lockManager.untrackJob(job.id);
    this.ending.push(job);
    if (this.ending.length === 1) process.nextTick(() => void this.flush());
  }

  /** Acknowledges what has ended, and begins as many others. */
  private async flush(): Promise<void> {
    const batch = this.ending;
    this.ending = [];
    // Whoever gave the worker up has let go of its jobs.
    if (this.backend.closing !== undefined) return this.ended(batch.length);
    try {
      const { codes, jobs, rateLimitMs, nextDelayedMs } = await this.commands.finish(
        batch.map(({ id }) => id),
        this.isStopping ? 0 : batch.length,
      );
      codes.forEach((code, index) => {
        // Its lock was lost, and it is or was handed out again.
        if (code < 0) this.emit('error', this.redisBackend.finishedErrors({ code, jobId: String(batch[index]?.id), command: 'moveToFinished', state: 'active' }));
      });
      if (jobs.length < batch.length && rateLimitMs <= 0) {
        this.ranOut = true;
        this.nextDelayedMs = nextDelayedMs;
      }
      for (const job of jobs) this.begin(job);
      this.ended(batch.length);
    } catch (error) {
      this.emit('error', error as Error);
      await delay(this.options.runRetryDelay);
      if (this.ending.length === 0) process.nextTick(() => void this.flush());
      this.ending.push(...batch);
    }
  }

  private async endByBullMq(job: TakenJob, end: (ordinary: Job) => Promise<unknown>): Promise<void> {
    const { runRetryDelay } = this.options;
    try {
      this.lockManager.untrackJob(job.id);
      // Its data are not needed any more, and may be what was wrong with it.
      const ordinary = this.Job.fromJSON(this as never, { ...this.jsonOf(job), data: '{}' }, job.id) as unknown as Job;
      ordinary.token = this.lockToken;
      await this['retryIfFailed'](() => end(ordinary), { delayInMs: runRetryDelay, onlyEmitError: true });
    } catch (error) {
      this.emit('error', error as Error);
    } finally {
      this.ended(1);
    }
  }

  private ended(jobs: number): void {
    this.inHand -= jobs;
    this.onRoom?.();
    this.onRoom = undefined;
  }

  /** Resolves when a job has ended. */
  private room(): Promise<void> {
    return new Promise((resolve) => (this.onRoom = resolve));
  }

  private async rest(durationMs: number): Promise<void> {
    await delay(durationMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }

  private jsonOf({ id, fields }: TakenJob): JobJson {
    return (raw2NextJobData([fields, id, 0, 0]) as [JobJson])[0];
  }

  private get redisBackend(): RedisQueueBackend {
    return this.backend as unknown as RedisQueueBackend;
  }
}
