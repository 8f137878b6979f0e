import { serviceQueues } from '@backstitch/protocol';
import { ValueConversion } from '@backstitch/protocol/payloads';
import { TASK_TOKEN_SECRET_CHARACTERS_MIN } from '@backstitch/protocol/task-token';
import { BullMqServer, JobQueues, silentLogger, type BullMqPattern, type QueueLogger } from '@backstitch/queues';
import { hostname } from 'node:os';
import { registryMeter } from '../context/metric-meter.js';
import { activityFunctionsOf } from '../functions/activity-functions.js';
import { ActivityDeclarationError } from '../errors/usage-errors.js';
import { Inbox } from '../inbox/inbox.js';
import { refuseExpiredJob } from '../retention/expired-job.js';
import { InboxRetention } from '../retention/inbox-retention.js';
import { InboxRows } from '../retention/inbox-rows.js';
import { AttemptReports } from '../runtime/attempt-reports.js';
import { ActivityWorker } from '../runtime/activity-worker.js';
import { OutcomeBatcher } from '../runtime/outcome-batcher.js';
import { StatementRunner } from '../statement/statement-runner.js';
import type { ActivityFunctions, ActivityModuleOptions } from './activity-module-options.js';

const DEFAULTS = { concurrency: 10, compensationConcurrency: 5, lockWaitMs: 10_000, graceMs: 8_000, retentionMs: 30 * 24 * 60 * 60 * 1_000 } as const;

/** How long handing jobs back may take after the grace period. */
const HAND_BACK_MS_MAX = 1_500;

/** A service's activity workers: two queues, one inbox, one way back. */
export class ActivityHost {
  /** Nest's transport strategy; see `connectActivities`. */
  readonly server: BullMqServer;
  private readonly queues: JobQueues;
  private readonly batcher: OutcomeBatcher;
  private readonly reports: AttemptReports;
  private readonly worker: ActivityWorker;
  private readonly graceMs: number;
  private readonly retention: InboxRetention;
  private readonly tasksQueue: string;
  private readonly queueNames: readonly string[];
  private stopping: Promise<void> | undefined;

  constructor(options: ActivityModuleOptions) {
    const logger = options.logger ?? silentLogger;
    refuseBadOptions(options);
    const { tasks, compensation } = serviceQueues(options.service);
    this.tasksQueue = tasks;
    this.queueNames = [tasks, compensation];
    this.queues = new JobQueues(options.connection, { logger });
    const observer = options.observer ?? {};
    this.batcher = new OutcomeBatcher(this.queues, logger, (outcomes) => observer.replySent?.(outcomes));
    this.reports = new AttemptReports(this.queues, logger);
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
    const worker = (this.worker = new ActivityWorker({
      refuseExpired: (addedAtMs) => refuseExpiredJob(addedAtMs, clock.now(), retentionMs),
      dataSource: options.dataSource,
      inbox: new Inbox(schema, options.lockWaitMs ?? DEFAULTS.lockWaitMs),
      statements: new StatementRunner(options.dataSource, schema),
      queues: this.queues,
      batcher: this.batcher,
      reports: this.reports,
      logger,
      observer,
      identity: options.identity ?? `${options.service}@${hostname()}:${process.pid}`,
      codec: options.payloadCodec,
      conversion: options.payloadConverter === undefined ? undefined : new ValueConversion(options.payloadConverter),
      taskTokenSecret: options.taskTokenSecret,
      metricMeter: options.metricsRegistry === undefined ? undefined : registryMeter(options.metricsRegistry),
      client: options.client,
    }));
    this.graceMs = options.graceMs ?? DEFAULTS.graceMs;
    const concurrency = options.concurrency ?? DEFAULTS.concurrency;
    const compensationConcurrency = options.compensationConcurrency ?? DEFAULTS.compensationConcurrency;
    warnOfSmallPool(options, concurrency + compensationConcurrency, logger);
    const queue = (name: string, jobsAtOnce: number) => ({
      name,
      concurrency: jobsAtOnce,
      logger,
      onLocksRenewed: (jobIds: string[]) => void worker.locksRenewed(name, jobIds),
    });
    this.server = new BullMqServer({
      connection: options.connection,
      queues: [queue(tasks, concurrency), queue(compensation, compensationConcurrency)],
      // A little longer than attempts get: then their jobs are handed back.
      graceMs: this.graceMs + HAND_BACK_MS_MAX,
      process: async (delivery, handler) => ((await this.retention.take(delivery)) ? undefined : worker.process(delivery, handler)),
    });
    this.retention.start();
    for (const functions of [options.functions ?? []].flat()) this.registerFunctions(functions.taskQueue ?? tasks, functions.activities, functions);
  }

  /**
   * Serves plain functions as activities, as Temporal's workers do: the names of an object's functions are activity types. Call it before jobs are taken.
   * @param taskQueue one of the service's two queues
   * @param activities an object of functions, or of a class with methods; what is no function is left out
   * @param options.mode how they meet the database; default `external`
   * @throws {ActivityDeclarationError} another service's queue, or nothing to serve
   */
  registerFunctions(taskQueue: string, activities: object, { mode = 'external' }: Pick<ActivityFunctions, 'mode'> = {}): void {
    if (!this.queueNames.includes(taskQueue)) throw new ActivityDeclarationError(`This service does not serve the queue "${taskQueue}", but ${this.queueNames.join(' and ')}.`);
    const functions = activityFunctionsOf(activities);
    if (functions.size === 0) throw new ActivityDeclarationError(`There is no function to be served from the queue "${taskQueue}".`);
    for (const [name, call] of functions) {
      const pattern: BullMqPattern = { queue: taskQueue, activity: name };
      this.server.addHandler(pattern, async (input: unknown) => call(input as unknown[]), false, { activity: { name, mode } });
    }
  }

  /** Rejects with QueueUnavailableError if the queues do not answer. For health checks. */
  ping(): Promise<void> {
    return this.queues.ping(this.tasksQueue);
  }

  /** Asks at once which runs are gone, beside the regular times; answers how many keys it asked about. Their rows are removed when the answer comes. */
  askWhichRunsAreGone(): Promise<number> {
    return this.retention.ask(0);
  }

  /**
   * Takes no more jobs, tells the attempts under way by their signal, lets them end within the grace period and sends their outcomes. What has not ended by then is
   * ended - its transaction cannot commit any more - and its job goes back to its queue, for another instance, at once. Safe to call twice.
   */
  stop(): Promise<void> {
    this.stopping ??= (async () => {
      const closed = Promise.all([this.server.close(), this.retention.stop()]);
      this.worker.requestShutdown();
      const grace = setTimeout(() => this.worker.handBack(), this.graceMs);
      await closed;
      clearTimeout(grace);
      await this.reports.close();
      this.batcher.close();
      await this.queues.close();
    })();
    return this.stopping;
  }
}

/** @throws {ActivityDeclarationError} */
function refuseBadOptions({ taskTokenSecret }: ActivityModuleOptions): void {
  if (taskTokenSecret !== undefined && taskTokenSecret.length < TASK_TOKEN_SECRET_CHARACTERS_MIN) {
    throw new ActivityDeclarationError(`The secret of task tokens must have at least ${TASK_TOKEN_SECRET_CHARACTERS_MIN} characters.`);
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
