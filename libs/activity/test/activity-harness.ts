import { createTestDatabase, testRedisUrl } from '@backstitch/servers';
import { ENVELOPE_VERSION, activityJobId, type ActivityJob, type ActivityOutcome, type OutcomeBatchJob } from '@backstitch/protocol';
import { consume, JobQueues, migrateQueueSchema, type Consumer, type QueueConnection } from '@backstitch/queues';
import { Module, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { ActivityModule, connectActivities, createInboxMigration, createInboxRetentionMigration, type ActivityModuleOptions } from '../src/index.js';
import { until } from './deferred.js';
import { Bench, CountingInterceptor, StockActivities, StockUndos } from './stock-activities.js';

const SERVICE = 'inventory';

interface LogLine {
  level: string;
  fields: object;
  message: string;
}

/** A service with its database, its queues and someone who reads the outcomes. */
export class ActivityHarness {
  readonly replies: OutcomeBatchJob[] = [];
  private consumer: Consumer | undefined;

  private constructor(
    readonly connection: QueueConnection,
    readonly dataSource: DataSource,
    readonly queues: JobQueues,
    readonly app: NestFastifyApplication,
    readonly bench: Bench,
    readonly logs: readonly LogLine[],
    private readonly drop: () => Promise<void>,
  ) {}

  static async start(backend: 'redis' | 'postgres', options: Partial<ActivityModuleOptions> = {}, redisUrl?: string, more: { controllers?: Type[]; providers?: Provider[]; connection?: QueueConnection } = {}): Promise<ActivityHarness> {
    const database = await createTestDatabase('activity');
    const dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      schema: SERVICE,
      poolSize: 30,
      installExtensions: false,
      poolErrorHandler: () => undefined,
      extra: { options: `-c search_path=${SERVICE}` },
      migrations: [createInboxMigration(SERVICE), createInboxRetentionMigration(SERVICE)],
    }).initialize();
    await dataSource.query(`CREATE SCHEMA ${SERVICE}`);
    await dataSource.runMigrations();
    await dataSource.query('CREATE TABLE effects (id bigserial PRIMARY KEY, key text NOT NULL, note text NOT NULL)');
    await migrateQueueSchema(database.url, SERVICE);
    const connection: QueueConnection =
      more.connection ?? (backend === 'redis' ? { backend, url: redisUrl ?? testRedisUrl(), prefix: `test-${randomUUID()}` } : { backend, url: database.url });
    const logs: LogLine[] = [];
    const log = (level: string) => (fields: object, message: string) => void logs.push({ level, fields, message });

    @Module({
      imports: [
        ActivityModule.forRoot({
          service: SERVICE,
          dataSource,
          connection,
          concurrency: 20,
          lockWaitMs: 60_000,
          graceMs: 2_000,
          logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
          ...options,
        }),
      ],
      controllers: [StockActivities, StockUndos, ...(more.controllers ?? [])],
      providers: [Bench, CountingInterceptor, ...(more.providers ?? [])],
    })
    class ServiceModule {}

    const app = await NestFactory.create<NestFastifyApplication>(ServiceModule, new FastifyAdapter(), { logger: false });
    connectActivities(app);
    await app.init();
    await app.startAllMicroservices();
    const harness = new ActivityHarness(connection, dataSource, new JobQueues(connection), app, app.get(Bench), logs, database.drop);
    harness.readOutcomes();
    return harness;
  }

  readOutcomes(): void {
    this.consumer = consume<OutcomeBatchJob>(this.connection, `${SERVICE}.outcomes`, async ({ data }) => void this.replies.push(data));
  }

  async stopReadingOutcomes(): Promise<void> {
    await this.consumer?.close(1_000);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.consumer?.close(1_000);
    await this.queues.close();
    await this.dataSource.destroy();
    await this.drop();
  }

  /** An attempt of a fresh step, unless fields say otherwise. */
  job(fields: Partial<ActivityJob> & Pick<ActivityJob, 'activityType'>): ActivityJob {
    const runId = fields.runId ?? randomUUID();
    const scheduledEventId = fields.scheduledEventId ?? 5;
    return {
      envelopeVersion: ENVELOPE_VERSION,
      kind: 'activity',
      workflowId: `order-${runId}`,
      runId,
      workflowType: 'orderWorkflow',
      scheduledEventId,
      activityId: '1',
      key: `${runId}/${scheduledEventId}`,
      attempt: 1,
      dispatch: 1,
      input: [{ orderId: 'o1' }],
      scheduledAtMs: Date.now(),
      replyTo: `${SERVICE}.outcomes`,
      ...fields,
    };
  }

  /** The undo of a step. */
  undoJob(step: ActivityJob, fields: Partial<ActivityJob> = {}): ActivityJob {
    return this.job({
      activityType: 'release',
      runId: step.runId,
      scheduledEventId: step.scheduledEventId + 10,
      input: [{ input: step.input[0] ?? null }],
      undoOf: { key: step.key, activityType: step.activityType },
      ...fields,
    });
  }

  async dispatch(job: ActivityJob, queueName = job.undoOf === undefined ? SERVICE : `${SERVICE}.compensation`): Promise<string> {
    const jobId = activityJobId(job);
    await this.queues.addBulk(queueName, [{ name: job.activityType, data: job, jobId }]);
    return jobId;
  }

  /** How attempts ended. */
  outcomes(): ActivityOutcome[] {
    return this.replies.flatMap((reply) => reply.outcomes.filter(({ outcome }) => outcome.status !== 'running' || outcome.completesOutside === true));
  }

  /** What was told of attempts under way. */
  reportsOf(job: Pick<ActivityJob, 'key'>): ActivityOutcome[] {
    return this.replies.flatMap((reply) => reply.outcomes.filter(({ key, outcome }) => key === job.key && outcome.status === 'running'));
  }

  async outcomeOf(job: ActivityJob): Promise<ActivityOutcome> {
    const find = () => this.outcomes().find((each) => each.key === job.key && each.attempt === job.attempt && each.dispatch === job.dispatch);
    await until(`an outcome of ${job.activityType} ${job.key}, attempt ${job.attempt}, dispatch ${job.dispatch}`, () => find() !== undefined);
    return find() as ActivityOutcome;
  }

  async run(job: ActivityJob): Promise<ActivityOutcome> {
    await this.dispatch(job);
    return this.outcomeOf(job);
  }

  async effectsOf(job: Pick<ActivityJob, 'key'>): Promise<string[]> {
    const rows: { note: string }[] = await this.dataSource.query('SELECT note FROM effects WHERE key = $1 ORDER BY id', [job.key]);
    return rows.map((row) => row.note);
  }

  async inboxRow(key: string): Promise<{ state: string; result: unknown; undone: boolean; checkpoint: unknown } | undefined> {
    const [row] = await this.dataSource.query('SELECT state, result, checkpoint, undone_at IS NOT NULL AS undone FROM inbox WHERE key = $1', [key]);
    return row;
  }

  /** How many backends wait for a lock. */
  async lockWaits(): Promise<number> {
    const [row] = await this.dataSource.query(
      `SELECT count(*)::int AS waits FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return row.waits;
  }
}
