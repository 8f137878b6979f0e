import { serviceQueues } from '@backstitch/protocol';
import { BullMqServer, JobQueues, silentLogger, type QueueLogger } from '@backstitch/queues';
import { hostname } from 'node:os';
import { Inbox } from '../inbox/inbox.js';
import { refuseExpiredJob } from '../retention/expired-job.js';
import { InboxRetention } from '../retention/inbox-retention.js';
import { InboxRows } from '../retention/inbox-rows.js';
import { ActivityWorker } from '../runtime/activity-worker.js';
import { OutcomeBatcher } from '../runtime/outcome-batcher.js';
import { StatementRunner } from '../statement/statement-runner.js';
import type { ActivityModuleOptions } from './activity-module-options.js';

const DEFAULTS = { concurrency: 10, compensationConcurrency: 5, lockWaitMs: 10_000, graceMs: 8_000, retentionMs: 30 * 24 * 60 * 60 * 1_000 } as const;

/** A service's activity workers: two queues, one inbox, one way back. */
export class ActivityHost {
  /** Nest's transport strategy; see `connectActivities`. */
  readonly server: BullMqServer;
  private readonly queues: JobQueues;
  private readonly batcher: OutcomeBatcher;
  private readonly retention: InboxRetention;
  private readonly tasksQueue: string;
  private stopping: Promise<void> | undefined;

  constructor(options: ActivityModuleOptions) {
    const logger = options.logger ?? silentLogger;
    const { tasks, compensation } = serviceQueues(options.service);
    this.tasksQueue = tasks;
    this.queues = new JobQueues(options.connection, { logger });
    const observer = options.observer ?? {};
    this.batcher = new OutcomeBatcher(this.queues, logger, (outcomes) => observer.replySent?.(outcomes));
    const schema = options.schema ?? schemaOf(options);
    const clock = options.clock ?? { now: () => Date.now() };
    const retentionMs = options.retentionMs ?? DEFAULTS.retentionMs;
    this.retention = new InboxRetention({
      service: options.service,
      rows: new InboxRows(options.dataSource, schema),
      queues: this.queues,
      logger,
      clock,
      retentionMs,
      intervalMs: options.retentionIntervalMs ?? Math.min(60 * 60 * 1_000, Math.max(1_000, retentionMs / 10)),
      onRemoved: (rows) => observer.inboxRowsRemoved?.(rows),
    });
    const worker = new ActivityWorker({
      refuseExpired: (addedAtMs) => refuseExpiredJob(addedAtMs, clock.now(), retentionMs),
      dataSource: options.dataSource,
      inbox: new Inbox(schema, options.lockWaitMs ?? DEFAULTS.lockWaitMs),
      statements: new StatementRunner(options.dataSource, schema),
      queues: this.queues,
      batcher: this.batcher,
      logger,
      observer,
      identity: options.identity ?? `${options.service}@${hostname()}:${process.pid}`,
    });
    const concurrency = options.concurrency ?? DEFAULTS.concurrency;
    const compensationConcurrency = options.compensationConcurrency ?? DEFAULTS.compensationConcurrency;
    warnOfSmallPool(options, concurrency + compensationConcurrency, logger);
    const queue = (name: string, jobsAtOnce: number) => ({
      name,
      concurrency: jobsAtOnce,
      logger,
      onLocksRenewed: (jobIds: string[]) => void worker.checkCancellation(name, jobIds),
    });
    this.server = new BullMqServer({
      connection: options.connection,
      queues: [queue(tasks, concurrency), queue(compensation, compensationConcurrency)],
      graceMs: options.graceMs ?? DEFAULTS.graceMs,
      process: async (delivery, handler) => ((await this.retention.take(delivery)) ? undefined : worker.process(delivery, handler)),
    });
    this.retention.start();
  }

  /** Rejects with QueueUnavailableError if the queues do not answer. For health checks. */
  ping(): Promise<void> {
    return this.queues.ping(this.tasksQueue);
  }

  /** Asks at once which runs are gone, beside the regular times; answers how many keys it asked about. Their rows are removed when the answer comes. */
  askWhichRunsAreGone(): Promise<number> {
    return this.retention.ask(0);
  }

  /** Takes no more jobs, lets attempts under way end and sends their outcomes, within the grace period. Safe to call twice. */
  stop(): Promise<void> {
    this.stopping ??= (async () => {
      await Promise.all([this.server.close(), this.retention.stop()]);
      this.batcher.close();
      await this.queues.close();
    })();
    return this.stopping;
  }
}

function schemaOf({ dataSource }: ActivityModuleOptions): string | undefined {
  return 'schema' in dataSource.options ? (dataSource.options.schema as string | undefined) : undefined;
}

function warnOfSmallPool({ dataSource }: ActivityModuleOptions, attemptsAtOnce: number, logger: QueueLogger): void {
  const poolSize = 'poolSize' in dataSource.options ? dataSource.options.poolSize : undefined;
  if (poolSize === undefined || poolSize >= attemptsAtOnce) return;
  logger.warn({ poolSize, attemptsAtOnce }, 'the database pool is smaller than the number of attempts at once: attempts will wait for connections');
}
