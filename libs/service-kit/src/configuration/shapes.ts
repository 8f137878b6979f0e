import { z } from 'zod';
import { httpUrlVariable, integerVariable, portVariable, postgresUrlVariable } from './variables.js';

/**
 * Shapes to spread into a service's own schema: `z.object({ ...commonConfiguration, PORT: portVariable(3002), … })`.
 * What every process of the platform reads.
 */
export const commonConfiguration = {
  /** Address to listen on. Loopback unless told otherwise. */
  HOST: z.string().min(1).default('127.0.0.1'),
  /** Each service overrides this with a default of its own. */
  PORT: portVariable(0),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { error: 'must be one of fatal, error, warn, info, debug, trace, silent' })
    .default('info'),
  /** How long running work may take after SIGTERM or SIGINT. */
  SHUTDOWN_GRACE_MS: integerVariable({ min: 0, max: 3_600_000 }).default(10_000),
  /** Base URL of an OTLP/HTTP collector; not set: traces go nowhere. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrlVariable().optional(),
};

/** What a process with a schema of its own reads. */
export const databaseConfiguration = {
  /** The service's own role. */
  DATABASE_URL: postgresUrlVariable(),
  /** Connections of the service's own pool. */
  DATABASE_POOL_MAX: integerVariable({ min: 2, max: 500 }).default(10),
};

/** What a process that touches queues reads, beside DATABASE_URL. */
export const queueConfiguration = {
  /** Set: queues on Redis. Not set: on Postgres, over DATABASE_URL. */
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' }).optional(),
  /** Prefix of the keys in Redis. */
  QUEUE_PREFIX: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be letters, digits, underscores and dashes, at most 64').default('backstitch'),
};

/** What the orchestrator and whatever serves activities read; the same value for all of them. */
export const retentionConfiguration = {
  /** Closed runs, and the keys of their steps, are removed after so long, in milliseconds. 0: never. */
  RETENTION_MS: integerVariable({ min: 0 }).default(30 * 24 * 60 * 60 * 1_000),
};

/** What the orchestrator and whatever serves activities read; the same value for all of them. */
export const taskTokenConfiguration = {
  /** Seals task tokens, by which activities are completed from outside. Not set: there are none. */
  TASK_TOKEN_SECRET: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional(),
};

export type CommonConfiguration = z.output<z.ZodObject<typeof commonConfiguration>>;
export type DatabaseConfiguration = z.output<z.ZodObject<typeof databaseConfiguration>>;
export type QueueConfiguration = z.output<z.ZodObject<typeof queueConfiguration>>;
