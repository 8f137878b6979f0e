import { hostname } from 'node:os';
import { ActivityHost, createInboxMigration, createInboxRetentionMigration } from '@backstitch/activity';
import { Client, Connection } from '@backstitch/client';
import type { SearchAttributeDefinitions } from '@backstitch/protocol';
import { durationToMs, errorToFailure, type Duration } from '@backstitch/protocol/failures';
import { DataSource } from 'typeorm';
import { LocalServerError } from '../local-server/local-server-errors.js';
import { LocalServerProcess } from '../local-server/local-server-process.js';
import type { LocalServerMessage } from '../local-server/messages.js';
import { HarnessClock } from './harness-clock.js';
import type { ActivityServer } from './in-process-activities.js';
import { InProcessLocalActivities } from './in-process-local-activities.js';
import { WorkerSinks } from './injected-sinks.js';
import { Runtime, type LogLevel } from './runtime.js';
import { TestWorkflowEnvironment, type ClientOptionsForTestEnv, type EnvironmentConnection } from './test-workflow-environment.js';
import type { ServedActivities, WorkerDeployment, WorkerSite } from './worker-site.js';

/** The stack behind `TestWorkflowEnvironment.createLocal`. */
export interface LocalServerOptions {
  /**
   * A Postgres database to be used instead of an embedded one, by a role that may make schemas: `orchestrator`, `activities` and one for each task queue's
   * queues. What is in them stays.
   */
  databaseUrl?: string;
  /** Of the control API. Default: any that is free. */
  port?: number;
  /** Default 60,000. */
  startTimeoutMs?: number;
  /** Taken for compatibility: arguments of Temporal's own server. */
  extraArgs?: readonly string[];
}

/** Of `TestWorkflowEnvironment.createLocal`. */
export interface LocalTestWorkflowEnvironmentOptions {
  server?: LocalServerOptions;
  /** What `client` is made with. */
  client?: ClientOptionsForTestEnv;
  /** Custom search attributes that workflows may use, and of which type. Default none. */
  searchAttributes?: SearchAttributeDefinitions;
}

const START_TIMEOUT_MS = 60_000;
/** Of the services' inbox. */
const SCHEMA = 'activities';
const CONCURRENCY = 50;
const COMPENSATION_CONCURRENCY = 10;
const GRACE_MS = 1_000;

/** A real stack, in real time: see `TestWorkflowEnvironment.createLocal`. */
export class LocalWorkflowEnvironment extends TestWorkflowEnvironment {
  readonly supportsTimeSkipping = false;
  readonly connection: EnvironmentConnection;
  readonly client: Client;
  readonly workers: WorkerSite = { deploy: async (worker) => this.#deploy(worker), serve: (server) => this.#serve(server) };
  readonly #connection: Connection;
  readonly #clock = new HarnessClock(false, async () => undefined);
  readonly #sinks = new WorkerSinks();
  readonly #localActivities: InProcessLocalActivities;
  readonly #localActivityTaskQueues = new Map<string, string>();
  readonly #localActivitiesUnderWay = new Map<number, AbortController>();
  readonly #hosts = new Set<ActivityHost>();
  #server!: LocalServerProcess;
  #dataSource: Promise<DataSource> | undefined;

  private constructor(connect: (onMessage: (message: LocalServerMessage) => void) => LocalServerProcess, options: ClientOptionsForTestEnv | undefined) {
    super();
    this.#localActivities = new InProcessLocalActivities(this.#clock, (runId) => this.#localActivityTaskQueues.get(runId));
    this.#server = connect((message) => this.#hear(message));
    const { url, settings } = this.#server;
    this.#connection = Connection.lazy({ url, token: settings.controlToken });
    this.connection = { environment: this, call: async (call) => this.#connection.call(call), close: async () => undefined };
    this.client = new Client({ ...options, connection: this.connection });
    this.becomeLatest();
  }

  /** @throws LocalServerError, LocalServerPackageMissingError */
  static async start({ server = {}, client, searchAttributes }: LocalTestWorkflowEnvironmentOptions): Promise<LocalWorkflowEnvironment> {
    let hear: (message: LocalServerMessage) => void = () => undefined;
    const { databaseUrl, port, startTimeoutMs = START_TIMEOUT_MS } = server;
    const started = await LocalServerProcess.start({ databaseUrl, port, searchAttributes, startTimeoutMs, onMessage: (message) => hear(message) });
    return new LocalWorkflowEnvironment((onMessage) => {
      hear = onMessage;
      return started;
    }, client);
  }

  /** Host and port of the control API. */
  get address(): string {
    return new URL(this.#server.url).host;
  }

  /** What another client needs to reach it. */
  get connectionOptions(): { apiKey: string } {
    return { apiKey: this.#server.settings.controlToken };
  }

  /** Connection URL of the stack's database. */
  get databaseUrl(): string {
    return this.#server.databaseUrl;
  }

  currentTimeMs(): Promise<number> {
    return Promise.resolve(Date.now());
  }

  readonly sleep = async (duration: Duration): Promise<void> => this.#clock.sleep(durationToMs(duration, 'The duration of sleep'));

  protected async end(): Promise<void> {
    this.#clock.close();
    try {
      await Promise.all([...this.#hosts].map((host) => host.stop()));
      await (await this.#dataSource?.catch(() => undefined))?.destroy();
      await this.#connection.close();
    } finally {
      await this.#server.stop();
    }
  }

  async #deploy({ taskQueue, bundle, activities, sinks, payloads }: WorkerDeployment): Promise<void> {
    if (payloads.codec !== undefined) {
      throw new LocalServerError('A local stack has no payload codecs of a worker’s own: its orchestrator could not read what they write. Test them in simulated time.');
    }
    this.#localActivities.use(taskQueue, activities);
    this.#sinks.use(taskQueue, sinks);
    const functionNames = Object.fromEntries(Object.entries(sinks).map(([sinkName, functions]) => [sinkName, Object.keys(functions)]));
    await this.#server.deploy({ taskQueue, localActivities: [...activities.keys()], sinks: functionNames, ...(bundle === undefined ? {} : { bundle }) });
  }

  #serve(server: ActivityServer): ServedActivities {
    const starting = this.#startHost(server);
    const stop = async (): Promise<void> => {
      const host = await starting.catch(() => undefined);
      await host?.stop();
      if (host !== undefined) this.#hosts.delete(host);
    };
    // In one process with the test, it can be told to stop, and no more.
    return { ready: starting.then(() => undefined), stop, crash: () => void stop() };
  }

  /** A service of the task queue's name; none if there is nothing to serve. */
  async #startHost({ taskQueue, identity, activities }: ActivityServer): Promise<ActivityHost | undefined> {
    if (activities.size === 0) {
      return undefined;
    }
    const dataSource = await (this.#dataSource ??= this.#openInbox());
    const host = new ActivityHost({
      service: taskQueue,
      dataSource,
      schema: SCHEMA,
      connection: { backend: 'postgres', url: this.databaseUrl },
      functions: { activities: Object.fromEntries(activities) },
      concurrency: CONCURRENCY,
      compensationConcurrency: COMPENSATION_CONCURRENCY,
      graceMs: GRACE_MS,
      retentionMs: 0,
      taskTokenSecret: this.#server.settings.taskTokenSecret,
      client: this.client,
      identity: `${identity}@${hostname()}`,
      logger: runtimeLogger(),
    });
    this.#hosts.add(host);
    host.server.listen(() => undefined);
    await host.server.ready();
    return host;
  }

  async #openInbox(): Promise<DataSource> {
    const dataSource = await new DataSource({
      type: 'postgres',
      url: this.databaseUrl,
      schema: SCHEMA,
      installExtensions: false,
      poolSize: CONCURRENCY + COMPENSATION_CONCURRENCY + 2,
      poolErrorHandler: () => undefined,
      extra: { options: `-c search_path=${SCHEMA}` },
      migrations: [createInboxMigration(SCHEMA), createInboxRetentionMigration(SCHEMA)],
    }).initialize();
    await dataSource.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
    await dataSource.runMigrations();
    return dataSource;
  }

  #hear(message: LocalServerMessage): void {
    switch (message.type) {
      case 'runLocalActivity':
        void this.#runLocalActivity(message);
        return;
      case 'abortLocalActivity':
        this.#localActivitiesUnderWay.get(message.id)?.abort(new Error('The local activity is to give up.'));
        return;
      case 'sink': {
        const { taskQueue, sinkName, functionName, args, isReplaying, ...run } = message;
        this.#sinks.call({ ...run, taskQueue }, { sinkName, functionName, args }, isReplaying);
        return;
      }
      case 'log':
        Runtime.instance().logger.log(message.level.toUpperCase() as LogLevel, message.message, message.fields);
        return;
      case 'ready':
      case 'failed':
      case 'deployed':
        return;
      default:
        message satisfies never;
    }
  }

  async #runLocalActivity({ id, taskQueue, activityType, args, info }: Extract<LocalServerMessage, { type: 'runLocalActivity' }>): Promise<void> {
    const { runId } = info.workflowExecution;
    const controller = new AbortController();
    this.#localActivitiesUnderWay.set(id, controller);
    this.#localActivityTaskQueues.set(runId, taskQueue);
    const ended = await this.#localActivities.run(activityType, args, info, controller.signal).then(
      (result) => ({ result }),
      (error: unknown) => ({ failure: errorToFailure(error) }),
    );
    this.#localActivitiesUnderWay.delete(id);
    this.#localActivityTaskQueues.delete(runId);
    try {
      this.#server.tell({ type: 'localActivityEnded', id, ...ended });
    } catch {
      // The server has ended, and nobody waits any more.
    }
  }
}

/** Lines in pino's order go to the runtime's logger. */
function runtimeLogger() {
  const lineAt =
    (level: LogLevel) =>
    (fields: object, message: string): void =>
      Runtime.instance().logger.log(level, message, { ...fields });
  return { debug: lineAt('DEBUG'), info: lineAt('INFO'), warn: lineAt('WARN'), error: lineAt('ERROR') };
}
