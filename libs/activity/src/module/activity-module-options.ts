import type { FactoryProvider, ModuleMetadata } from '@nestjs/common';
import type { QueueConnection, QueueLogger } from '@backstitch/queues';
import type { DataSource } from 'typeorm';
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
  /** How long attempts under way may take after the service was told to stop. Default 8,000, less than service-kit's 10,000 for all. */
  graceMs?: number;
  /** pino fits. Default: silent. */
  logger?: QueueLogger;
  /** E.g. `activityMetrics(registry)`. */
  observer?: ActivityObserver;
  /** Shown in histories. Default `<service>@<host>:<process id>`. */
  identity?: string;
}

/** How Nest makes the options. */
export interface ActivityModuleAsyncOptions {
  imports?: ModuleMetadata['imports'];
  inject?: FactoryProvider['inject'];
  useFactory: (...args: never[]) => ActivityModuleOptions | Promise<ActivityModuleOptions>;
}
