import type { FactoryProvider, ModuleMetadata } from '@nestjs/common';
import type { QueueConnection, QueueLogger } from '@backstitch/queues';
import type { DataSource } from 'typeorm';
import type { PayloadCodec } from '@backstitch/protocol';
import type { PayloadConverter } from '@backstitch/protocol/payloads';
import type { Registry } from 'prom-client';
import type { ActivityMode } from '../decorators/activity-options.js';
import type { ActivityObserver } from '../observability/activity-observer.js';

export interface ActivityModuleOptions {
  /** The service: its queues are `<service>` and `<service>.compensation`. */
  service: string;
  /** Initialised, with the inbox migration run. Each attempt holds one of its connections: give its pool at least both concurrencies and two more. */
  dataSource: DataSource;
  connection: QueueConnection;
  /** Steps at once. Default 10. */
  concurrency?: number;
  /** Undos at once, in a worker of their own, so that a flood of steps starves no undo. Default 5. */
  compensationConcurrency?: number;
  /** Schema of the table `inbox`. Default the data source's. */
  schema?: string;
  /** How long a delivery waits for another one of the same step, and an undo for its step; then the attempt fails and is retried. Default 10,000. */
  lockWaitMs?: number;
  /** How long attempts under way may take after the service was told to stop; then their jobs are handed back. Default 8,000, less than service-kit's 10,000 for all. */
  graceMs?: number;
  /**
   * Keys are kept for at least so long, and until their run is gone; jobs that have been on a queue for nine tenths of it are refused, and their
   * activities attempted anew. Must far exceed the time that any job waits, and not exceed that for which the orchestrator keeps closed runs. 0 keeps
   * keys for ever. Default 2,592,000,000 (30 days).
   */
  retentionMs?: number;
  /** How often one instance of the service asks which runs are gone. Default a tenth of `retentionMs`, from 1,000 to 3,600,000 (an hour). */
  retentionIntervalMs?: number;
  /** Tells when retention is over. Default: the system's. */
  clock?: { now(): number };
  /** pino fits. Default: silent. */
  logger?: QueueLogger;
  /** E.g. `activityMetrics(registry)`. */
  observer?: ActivityObserver;
  /** Plain functions to be served beside `@Activities` classes, as Temporal's workers take them. Default none. */
  functions?: ActivityFunctions | readonly ActivityFunctions[];
  /** Encrypts or compresses payloads: the same one everywhere in a deployment. Inbox rows are in the service's own schema and are not encoded. Default none. */
  payloadCodec?: PayloadCodec;
  /**
   * Handlers see, and answer, values of more kinds than JSON has: the same one as the clients and the workflows' bundle have. What `completeWith` and statements
   * answer, and what an undo is given, stays JSON. Default: values are JSON.
   */
  payloadConverter?: PayloadConverter;
  /** Makes `activityInfo().taskToken`: at least 16 characters, the same as the orchestrator's. Default: there are no task tokens. */
  taskTokenSecret?: string;
  /** What `getClient()` gives to handlers, e.g. a WorkflowClient. The service closes it. Default: none. */
  client?: unknown;
  /** Where `metricMeter` writes. Default: nowhere. */
  metricsRegistry?: Registry;
  /** Shown in histories. Default `<service>@<host>:<process id>`. */
  identity?: string;
}

/** An object of functions, each an activity of its name. */
export interface ActivityFunctions {
  activities: object;
  /** Default: the service's queue for steps. */
  taskQueue?: string;
  /** How they meet the database: see `ActivityMode`. Default `external`. */
  mode?: ActivityMode;
}

/** How Nest makes the options. */
export interface ActivityModuleAsyncOptions {
  imports?: ModuleMetadata['imports'];
  inject?: FactoryProvider['inject'];
  useFactory: (...args: never[]) => ActivityModuleOptions | Promise<ActivityModuleOptions>;
}
