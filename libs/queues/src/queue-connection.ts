import { serviceOfQueue } from '@backstitch/protocol';

/** Queues on Redis, 7.0 or later. */
export interface RedisQueueConnection {
  backend: 'redis';
  /** `redis://` or `rediss://`. */
  url: string;
  /** In front of every key. Default `backstitch`. */
  prefix?: string;
}

/** Queues in Postgres: each service's in a schema of its own, see {@link queueSchemaOf}. */
export interface PostgresQueueConnection {
  backend: 'postgres';
  url: string;
  /** Connections for queries that one process opens for one service's queues; one more listens if there are workers. Default 5. */
  poolMax?: number;
}

/** Where the queues are. Nothing else in the code knows which it is. */
export type QueueConnection = RedisQueueConnection | PostgresQueueConnection;

export const DEFAULT_QUEUE_PREFIX = 'backstitch';
export const DEFAULT_QUEUE_POOL_MAX = 5;

/** The Postgres schema that holds the queues of a queue's service: `inventory.compensation` → `queue_inventory`. */
export function queueSchemaOf(queueName: string): string {
  return `queue_${serviceOfQueue(queueName)}`;
}
