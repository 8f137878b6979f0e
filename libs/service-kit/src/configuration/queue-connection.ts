/** Where queues live. The same shape as that of the queues library, which this one may not import. */
export type QueueConnection = { backend: 'redis'; url: string; prefix?: string } | { backend: 'postgres'; url: string; poolMax?: number };

/** Queues on Redis if REDIS_URL is set, otherwise on Postgres over DATABASE_URL. */
export function queueConnectionFrom(configuration: { DATABASE_URL: string; REDIS_URL?: string | undefined; QUEUE_PREFIX: string }): QueueConnection {
  return configuration.REDIS_URL === undefined
    ? { backend: 'postgres', url: configuration.DATABASE_URL }
    : { backend: 'redis', url: configuration.REDIS_URL, prefix: configuration.QUEUE_PREFIX };
}
