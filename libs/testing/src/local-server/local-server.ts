import { rmSync } from 'node:fs';
import type { LocalActivityInfo } from '@backstitch/engine';
import { serviceQueues, type Failure, type JsonValue, type OutcomeBatchJob } from '@backstitch/protocol';
import { createSandbox } from '@backstitch/sandbox';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { WorkerSandboxes } from '../workflow-harness/worker-sandboxes.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import type { OrchestratorSettings, QueuesLibrary, StackLibraries } from './libraries.js';
import type { LocalServerMessage, LocalServerRequest, LocalServerSettings } from './messages.js';

const ACTIVATION_TIMEOUT_MS = 5_000;
const OUTCOMES_CONCURRENCY = 64;
const RETRY_PAUSE_MS = 200;
const STOP_GRACE_MS = 1_000;

type Send = (message: LocalServerMessage) => void;

/**
 * The orchestrator on a Postgres of its own, whose workflows' code, local activities and sinks come and go with a test's workers.
 *
 * made → started → stopped: what was begun is ended in the opposite order.
 */
export class LocalServer {
  readonly #sandboxes = new WorkerSandboxes();
  readonly #localActivities: OrchestratorSettings['localActivities'] = {};
  readonly #sinks: OrchestratorSettings['sinks'] = {};
  readonly #consumers = new Map<string, ReturnType<QueuesLibrary['consume']>>();
  readonly #callsUnderWay = new Map<number, (end: { result?: JsonValue; failure?: Failure }) => void>();
  readonly #endings: (() => Promise<unknown>)[] = [];
  #calls = 0;
  #databaseUrl = '';
  #app: NestFastifyApplication | undefined;
  #deploying: Promise<void> = Promise.resolve();
  #starting: Promise<{ url: string; databaseUrl: string }> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    private readonly settings: LocalServerSettings,
    private readonly libraries: StackLibraries,
    private readonly send: Send,
  ) {}

  /** Answers where it can be reached. */
  start(): Promise<{ url: string; databaseUrl: string }> {
    return (this.#starting ??= this.#start());
  }

  async #start(): Promise<{ url: string; databaseUrl: string }> {
    const { settings, libraries } = this;
    this.#endings.push(async () => rmSync(settings.directory, { recursive: true, force: true }));
    this.#databaseUrl = settings.databaseUrl ?? (await this.#startPostgres());
    const dataSource = await new DataSource({
      type: 'postgres',
      url: this.#databaseUrl,
      migrations: [...libraries.orchestrator.orchestratorMigrations],
      installExtensions: false,
      poolSize: 20,
      poolErrorHandler: () => undefined,
    }).initialize();
    this.#endings.push(async () => dataSource.destroy());
    await dataSource.runMigrations();
    const module = libraries.orchestrator.OrchestratorModule.forRootAsync({
      useFactory: () => ({
        dataSource,
        queueConnection: { backend: 'postgres', url: this.#databaseUrl },
        services: [],
        sandbox: this.#sandboxes,
        controlToken: settings.controlToken,
        taskTokenSecret: settings.taskTokenSecret,
        searchAttributes: settings.searchAttributes,
        localActivities: this.#localActivities,
        sinks: this.#sinks,
        logger: this.#logger(),
        retentionMs: 0,
        // A queue whose worker comes late is served soon.
        queueRetryPauseMaxMs: 500,
        admission: { eventLoopDelayMaxMs: Infinity },
      }),
    });
    const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter({ forceCloseConnections: true }), { logger: false, abortOnError: false });
    this.#app = app;
    this.#endings.push(async () => this.#sandboxes.close());
    this.#endings.push(async () => app.close());
    this.#endings.push(async () => Promise.all([...this.#consumers.values()].map((consumer) => consumer.close(STOP_GRACE_MS))));
    await app.listen(settings.port, '127.0.0.1');
    return { url: await app.getUrl(), databaseUrl: this.#databaseUrl };
  }

  take(request: LocalServerRequest): void {
    switch (request.type) {
      case 'deploy': {
        const { id } = request;
        this.#deploying = this.#deploying
          .then(async () => this.#deploy(request))
          .then(
            () => this.send({ type: 'deployed', id }),
            (error: unknown) => this.send({ type: 'deployed', id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
          );
        return;
      }
      case 'localActivityEnded':
        this.#callsUnderWay.get(request.id)?.(request);
        this.#callsUnderWay.delete(request.id);
        return;
      case 'stop':
        void this.stop();
        return;
      default:
        request satisfies never;
    }
  }

  /** A second call changes nothing. */
  stop(): Promise<void> {
    return (this.#stopping ??= (async () => {
      // What is still being begun could not be ended.
      await this.#starting?.catch(() => undefined);
      for (const end of this.#endings.reverse()) {
        await end().catch((error: unknown) => this.send({ type: 'log', level: 'warn', fields: { error: String(error) }, message: 'the local server does not end cleanly' }));
      }
    })());
  }

  async #startPostgres(): Promise<string> {
    const postgres = await startEmbeddedPostgres(this.settings.directory);
    this.#endings.push(postgres.stop);
    return postgres.url;
  }

  async #deploy({ taskQueue, bundle, localActivities, sinks }: Extract<LocalServerRequest, { type: 'deploy' }>): Promise<void> {
    for (const name of localActivities) {
      const run = async (info: LocalActivityInfo, signal: AbortSignal, args: JsonValue[]): Promise<JsonValue> => this.#runLocalActivity(name, info, signal, args);
      this.#localActivities[name] = function (...args) {
        return run(this.info as LocalActivityInfo, this.signal, args);
      };
    }
    for (const [sinkName, functionNames] of Object.entries(sinks)) {
      const functions = (this.#sinks[sinkName] ??= {});
      for (const functionName of functionNames) {
        const fn = ({ runId, workflowId, workflowType, isReplaying }: { runId: string; workflowId: string; workflowType: string; isReplaying: boolean }, ...args: JsonValue[]): void =>
          this.send({ type: 'sink', taskQueue: this.#sandboxes.taskQueueOf(runId) ?? '', sinkName, functionName, args, workflowId, runId, workflowType, isReplaying });
        functions[functionName] = { fn: fn as (info: never, ...args: never[]) => void, callDuringReplay: true };
      }
    }
    await this.#serve(taskQueue);
    if (bundle !== undefined) {
      await this.#sandboxes.use(taskQueue, await createSandbox({ bundle, activationTimeoutMs: ACTIVATION_TIMEOUT_MS }));
      await this.#engine.evict(this.#sandboxes.runIds);
    }
  }

  /** Makes the queues of a task queue, and reads what its workers answer. */
  async #serve(taskQueue: string): Promise<void> {
    if (this.#consumers.has(taskQueue)) {
      return;
    }
    const { queues } = this.libraries;
    await queues.migrateQueueSchema(this.#databaseUrl, taskQueue);
    const deliver = async ({ data }: { data: unknown }): Promise<void> => this.#deliver(data as OutcomeBatchJob);
    const consumer = queues.consume({ backend: 'postgres', url: this.#databaseUrl }, serviceQueues(taskQueue).outcomes, deliver, { concurrency: OUTCOMES_CONCURRENCY });
    this.#consumers.set(taskQueue, consumer);
    await consumer.ready();
  }

  async #deliver(job: OutcomeBatchJob): Promise<void> {
    // Services ask on the same queue which runs are gone: here none ever is.
    if (job.kind !== 'outcomes') {
      return;
    }
    for (;;) {
      try {
        await this.#engine.deliver(job.outcomes);
        return;
      } catch (error) {
        if (this.#stopping !== undefined) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }

  async #runLocalActivity(activityType: string, info: LocalActivityInfo, signal: AbortSignal, args: JsonValue[]): Promise<JsonValue> {
    const id = ++this.#calls;
    const { runId } = info.workflowExecution;
    const ended = new Promise<{ result?: JsonValue; failure?: Failure }>((resolve) => this.#callsUnderWay.set(id, resolve));
    signal.addEventListener('abort', () => this.send({ type: 'abortLocalActivity', id }), { once: true });
    this.send({ type: 'runLocalActivity', id, taskQueue: this.#sandboxes.taskQueueOf(runId) ?? '', activityType, args, info });
    const { result = null, failure } = await ended;
    if (failure !== undefined) {
      // The engine takes a failure as it stands.
      throw Object.assign(new Error(failure.message), { failure });
    }
    return result;
  }

  get #engine() {
    return (this.#app as NestFastifyApplication).get(this.libraries.orchestrator.OrchestratorHost).engine;
  }

  #logger(): object {
    const at =
      (level: Extract<LocalServerMessage, { type: 'log' }>['level']) =>
      (fields: Record<string, unknown>, message: string): void =>
        this.send({ type: 'log', level, fields: plain(fields), message });
    return { trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), isLevelEnabled: (level: string) => level !== 'trace' && level !== 'debug' };
  }
}

/** Errors have nothing of their own in JSON. */
function plain(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? (value.stack ?? value.message) : value]));
}
