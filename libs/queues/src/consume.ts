import { WaitingError, Worker, type IQueueBackend, type Job } from 'bullmq';
import { DeadlineExceededError, withDeadline } from './deadline.js';
import { HandBackError } from './hand-back.js';
import { silentLogger, throttledErrorLog, type QueueLogger } from './logger.js';
import { sharedPostgresBackend } from './postgres/schema-postgres-connection.js';
import { queueSchemaOf, type QueueConnection } from './queue-connection.js';
import type { AnyWorker } from './queue-backend.js';
import { RedisWorker } from './redis/redis-worker.js';

/** One delivery of one job. Deliveries are at least once: the same job may come again, even while it is being worked on. */
export interface Delivery<Data = unknown> {
  queueName: string;
  jobId: string;
  name: string;
  data: Data;
  /** When the job was put on the queue, by the clock of whoever did; a retry by hand does not change it. */
  addedAtMs: number;
  /** How often it has been handed out, this time included: 1 unless a worker lost it or somebody retried it. */
  timesTaken: number;
  /** What `JobQueues.heartbeat` left on it; else 0. */
  progress?: unknown;
}

/** Resolving acknowledges the job; rejecting makes it a failed one, with the error's message and stack. */
export type DeliveryHandler<Data = unknown> = (delivery: Delivery<Data>) => Promise<unknown>;

export interface ConsumeOptions {
  /** Jobs worked on at once. Default 1. */
  concurrency?: number;
  /** A worker that does not renew its lock for so long is taken for dead, and its jobs are handed out again. Default 5,000. */
  lockDurationMs?: number;
  /** How often one of the workers looks for such jobs. Default 2,500. */
  stalledIntervalMs?: number;
  logger?: QueueLogger;
  /** Called when locks were renewed, at least every half `lockDurationMs`, with the ids of the jobs being worked on. */
  onLocksRenewed?: (jobIds: string[]) => void;
}

/** A running consumer. */
export interface Consumer {
  readonly queueName: string;
  /** Resolves when connected. */
  ready(): Promise<void>;
  /** Ids of the jobs being worked on. */
  activeJobIds(): string[];
  /**
   * Takes no more jobs and waits for those under way, at most `graceMs`; then lets go of them: they are handed out again when their locks lapse.
   * True: all had ended. If none is under way it takes no more than about two seconds, whatever the backend is doing.
   */
  close(graceMs: number): Promise<boolean>;
}

/** A killed worker's jobs come back when the lock has lapsed and somebody has looked: after eight seconds at most. */
const DEFAULT_LOCK_DURATION_MS = 5_000;
const DEFAULT_STALLED_INTERVAL_MS = 2_500;
/** Locks are renewed when this share of their time is over: a worker may be blocked for the rest of it and keep its jobs. */
const LOCK_RENEWAL_SHARE = 0.3;
/** How long a worker without jobs may take to say goodbye: its backend may not answer, or never have answered. */
const IDLE_CLOSE_MS = 1_000;
/** How soon an acknowledgement that failed for want of a connection is tried again. */
const RETRY_PAUSE_MS = 1_000;
/**
 * How long an idle worker waits before it asks again of itself. New jobs wake it at once on both backends, so this is a safety net and is what an
 * idle stack costs. Redis must not block longer than 10 s (BullMQ's advice); Postgres has no such bound.
 */
const IDLE_WAIT_S = { redis: 10, postgres: 30 } as const;

/**
 * Works on the jobs of one queue. Stalled jobs are handed out again without limit, and nothing is retried by BullMQ: the engine owns attempts
 * (law L8). The worker reconnects for ever.
 */
export function consume<Data = unknown>(
  connection: QueueConnection,
  queueName: string,
  handler: DeliveryHandler<Data>,
  options: ConsumeOptions = {},
): Consumer {
  const logger = options.logger ?? silentLogger;
  const active = new ActiveJobs();
  const { worker, disconnect } = createWorker(connection, queueName, options, async (job) => {
    const jobId = String(job.id);
    active.add(jobId);
    try {
      return await handler({ queueName, jobId, name: job.name, data: job.data as Data, addedAtMs: job.timestamp, timesTaken: job.attemptsStarted, progress: job.progress });
    } catch (error) {
      if (error instanceof HandBackError) await handBack(job, logger);
      throw error;
    } finally {
      active.delete(jobId);
    }
  });
  worker.on('error', throttledErrorLog(logger, { queue: queueName }, 'queue worker failed'));
  worker.on('stalled', (jobId) => logger.warn({ queue: queueName, jobId }, 'job stalled and is handed out again'));
  if (options.onLocksRenewed !== undefined) {
    const { onLocksRenewed } = options;
    worker.on('locksRenewed', ({ jobIds }) => onLocksRenewed(jobIds));
  }
  let closing: Promise<boolean> | undefined;
  return {
    queueName,
    ready: async () => {
      await worker.waitUntilReady();
    },
    activeJobIds: () => active.ids(),
    close: (graceMs) => (closing ??= closeWorker(worker, graceMs, active, logger).finally(disconnect)),
  };
}

/** @throws {WaitingError} which tells BullMQ that the job is not to fail; if it cannot be put back, it is found when its lock lapses */
async function handBack(job: WorkedJob, logger: QueueLogger): Promise<never> {
  try {
    await job.moveToWait(job.token);
  } catch (error) {
    logger.warn({ err: error, jobId: job.id }, 'a job could not be handed back; it will be handed out again when its lock lapses');
  }
  throw new WaitingError();
}

/** What is needed of a job here. */
type WorkedJob = Pick<Job, 'id' | 'name' | 'timestamp' | 'attemptsStarted' | 'token'> & { readonly data: unknown; readonly progress: unknown; moveToWait(token?: string): Promise<number> };

interface ConnectedWorker {
  worker: AnyWorker;
  /** Ends what the worker itself leaves open. */
  disconnect: () => void;
}

function createWorker(connection: QueueConnection, queueName: string, options: ConsumeOptions, process: (job: WorkedJob) => Promise<unknown>): ConnectedWorker {
  const lockDurationMs = options.lockDurationMs ?? DEFAULT_LOCK_DURATION_MS;
  const workerOptions = {
    concurrency: options.concurrency ?? 1,
    lockDuration: lockDurationMs,
    lockRenewTime: Math.ceil(lockDurationMs * LOCK_RENEWAL_SHARE),
    stalledInterval: options.stalledIntervalMs ?? DEFAULT_STALLED_INTERVAL_MS,
    // The largest integer that Postgres takes: a stalled job is never given up.
    maxStalledCount: 2 ** 31 - 1,
    drainDelay: IDLE_WAIT_S[connection.backend],
    runRetryDelay: RETRY_PAUSE_MS,
  };
  if (connection.backend === 'redis') {
    const worker = new RedisWorker(connection, queueName, process, workerOptions);
    return { worker: worker as unknown as AnyWorker, disconnect: () => worker.disconnectRedis() };
  }
  const worker = new Worker(queueName, process, { ...workerOptions, connection: connection.url }, sharedPostgresBackend(connection, queueSchemaOf(queueName)));
  return { worker: worker as unknown as AnyWorker, disconnect: () => undefined };
}

async function closeWorker(worker: AnyWorker, graceMs: number, active: ActiveJobs, logger: QueueLogger): Promise<boolean> {
  const closed = worker.close();
  try {
    // Without jobs only the backend is waited for.
    const idle = active.whenNone().then(() => withDeadline(closed, IDLE_CLOSE_MS));
    await withDeadline(Promise.race([closed, idle]), graceMs);
    return true;
  } catch (error) {
    if (!(error instanceof DeadlineExceededError)) throw error;
  }
  const jobs = active.ids();
  if (jobs.length > 0) logger.warn({ queue: worker.name, jobs }, 'jobs still under way at the end of the grace period; they will be handed out again');
  // worker.close(true) would only return the close that is still waiting.
  await worker['lockManager'].close();
  // A connection that was never made can only be closed; one that was is ended whether it answers or not.
  const { backend } = worker as unknown as { backend: IQueueBackend };
  await withDeadline(Promise.allSettled([worker.disconnect(), backend.close(true)]), IDLE_CLOSE_MS).catch(() => undefined);
  return jobs.length === 0;
}

/** The jobs that are being worked on. */
class ActiveJobs {
  private readonly jobIds = new Set<string>();
  private readonly waiting: (() => void)[] = [];

  add(jobId: string): void {
    this.jobIds.add(jobId);
  }

  delete(jobId: string): void {
    this.jobIds.delete(jobId);
    if (this.jobIds.size === 0) for (const resolve of this.waiting.splice(0)) resolve();
  }

  ids(): string[] {
    return [...this.jobIds];
  }

  /** Resolves as soon as there is none. */
  async whenNone(): Promise<void> {
    while (this.jobIds.size > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}
