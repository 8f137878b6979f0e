import { createPostgresBackend, Queue, Worker, type Job } from 'bullmq';
import type { BenchOrder, StepService } from '../order.js';

const { env } = process;
const prefix = 'raw';
/** Connections of one queue or worker whose jobs are in Postgres. */
const QUEUE_POOL_MAX = 5;

/** Redis if its URL is there, otherwise Postgres, by BullMQ's own backend. */
function connections() {
  const redisUrl = env['REDIS_URL'];
  return redisUrl === undefined
    ? { postgres: { connectionString: env['RAW_QUEUES_URL'] ?? '', schema: env['RAW_QUEUES_SCHEMA'] ?? '', max: QUEUE_POOL_MAX, skipMigrations: true } }
    : { redis: { url: redisUrl } };
}

export function rawQueue(service: StepService): Queue<BenchOrder> {
  const { redis, postgres } = connections();
  if (redis !== undefined) return new Queue<BenchOrder>(service, { connection: redis, prefix });
  return new Queue(service, { connection: postgres }, createPostgresBackend) as unknown as Queue<BenchOrder>;
}

export function rawWorker(service: StepService, work: (job: Job<BenchOrder>) => Promise<void>, concurrency: number): Worker<BenchOrder> {
  const { redis, postgres } = connections();
  if (redis !== undefined) return new Worker<BenchOrder>(service, work, { connection: { ...redis, maxRetriesPerRequest: null }, prefix, concurrency });
  return new Worker(service, work as never, { connection: postgres, concurrency }, createPostgresBackend) as unknown as Worker<BenchOrder>;
}
