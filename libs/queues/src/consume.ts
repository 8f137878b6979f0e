import { Worker, type Job } from 'bullmq';
import { DeadlineExceededError, withDeadline } from './deadline.js';
import { silentLogger, throttledErrorLog, type QueueLogger } from './logger.js';
import { sharedPostgresBackend } from './postgres/schema-postgres-connection.js';
import { DEFAULT_QUEUE_PREFIX, queueSchemaOf, type QueueConnection } from './queue-connection.js';
import type { AnyWorker } from './queue-backend.js';
import { workerRedisOptions } from './redis/redis-options.js';

/** One delivery of one job. Deliveries are at least once: the same job may come again, even while it is being worked on. */
export interface Delivery<Data = unknown> {
  queueName: string;
  jobId: string;
  name: string;
  data: Data;
}

/** Resolving acknowledges the job; rejecting makes it a failed one, with the error's message and stack. */
export type DeliveryHandler<Data = unknown> = (delivery: Delivery<Data>) => Promise<unknown>;

export interface ConsumeOptions {
  /** Jobs worked on at once. Default 1. */
  concurrency?: number;
  /** A worker that does not renew its lock for so long is taken for dead, and its jobs are handed out again. Default 10,000. */
  lockDurationMs?: number;
  /** How often one of the workers looks for such jobs. Default 10,000. */
  stalledIntervalMs?: number;
  logger?: QueueLogger;
  /** Called when locks were renewed, about every half `lockDurationMs`, with the ids of the jobs being worked on. */
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
   * True: all had ended.
   */
  close(graceMs: number): Promise<boolean>;
}

const DEFAULT_LOCK_DURATION_MS = 10_000;
const DEFAULT_STALLED_INTERVAL_MS = 10_000;
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
  const active = new Set<string>();
  const worker = createWorker(connection, queueName, options, async (job) => {
    const jobId = String(job.id);
    active.add(jobId);
    try {
      return await handler({ queueName, jobId, name: job.name, data: job.data as Data });
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
    activeJobIds: () => [...active],
    close: (graceMs) => (closing ??= closeWorker(worker, graceMs, active, logger)),
  };
}

function createWorker(connection: QueueConnection, queueName: string, options: ConsumeOptions, process: (job: Job) => Promise<unknown>): AnyWorker {
  const workerOptions = {
    concurrency: options.concurrency ?? 1,
    lockDuration: options.lockDurationMs ?? DEFAULT_LOCK_DURATION_MS,
    stalledInterval: options.stalledIntervalMs ?? DEFAULT_STALLED_INTERVAL_MS,
    // The largest integer that Postgres takes: a stalled job is never given up.
    maxStalledCount: 2 ** 31 - 1,
    drainDelay: IDLE_WAIT_S[connection.backend],
    runRetryDelay: RETRY_PAUSE_MS,
  };
  if (connection.backend === 'redis') {
    const redisConnection = { url: connection.url, ...workerRedisOptions() };
    return new Worker(queueName, process, {
      ...workerOptions,
      connection: redisConnection,
      prefix: connection.prefix ?? DEFAULT_QUEUE_PREFIX,
    }) as unknown as AnyWorker;
  }
  return new Worker(
    queueName,
    process,
    { ...workerOptions, connection: connection.url },
    sharedPostgresBackend(connection, queueSchemaOf(queueName)),
  ) as unknown as AnyWorker;
}

async function closeWorker(worker: AnyWorker, graceMs: number, active: ReadonlySet<string>, logger: QueueLogger): Promise<boolean> {
  try {
    await withDeadline(worker.close(), graceMs);
    return true;
  } catch (error) {
    if (!(error instanceof DeadlineExceededError)) throw error;
  }
  logger.warn({ queue: worker.name, jobs: [...active] }, 'jobs still under way at the end of the grace period; they will be handed out again');
  // worker.close(true) would only return the close that is still waiting.
  await worker['lockManager'].close();
  await withDeadline(worker.disconnect(), RETRY_PAUSE_MS).catch(() => undefined);
  return active.size === 0;
}
