import { Client, setDefaultConnection, type ControlCaller } from '@backstitch/client';
import { Engine, type EngineOptions } from '@backstitch/engine';
import type { SearchAttributeDefinitions } from '@backstitch/protocol';
import { durationToMs, type Duration } from '@backstitch/protocol/failures';
import { historyCollector, type CollectedRun } from '../history-collector.js';
import { InMemoryHistoryStore } from '../in-memory-history-store.js';
import { SeededIds } from '../seeded-ids.js';
import { HarnessContext } from './activity-attempt.js';
import { HarnessClock } from './harness-clock.js';
import { InMemoryControl } from './in-memory-control.js';
import { InProcessActivities } from './in-process-activities.js';
import { InProcessLocalActivities } from './in-process-local-activities.js';
import { WorkerSinks } from './injected-sinks.js';
import { Runtime, type LogLevel } from './runtime.js';
import { WorkerSandboxes } from './worker-sandboxes.js';

/** A connection that leads to an environment: for `new Client({ connection })` and `Worker.create({ connection })` alike. */
export interface EnvironmentConnection extends ControlCaller {
  readonly environment: TestWorkflowEnvironment;
}

export interface TestWorkflowEnvironmentOptions {
  /** Custom search attributes that workflows may use, and of which type. Default none. */
  searchAttributes?: SearchAttributeDefinitions;
  /** Forgets each run after every workflow task, so that all go through replay: slower, and finds code that is not deterministic. Default false. */
  replaysAlways?: boolean;
  /** Fixes run ids and the jitter of retries. Default 1. */
  seed?: number;
  engine?: Omit<EngineOptions, 'observer' | 'searchAttributes'>;
  /** Taken for compatibility: there is no server to start. */
  server?: unknown;
  client?: unknown;
}

/** Seals task tokens. A test environment has nothing to protect. */
const TOKEN_SECRET = 'backstitch test environment';

/** The environment that was made last: what a client or a worker without a connection of its own uses. */
let latest: TestWorkflowEnvironment | undefined;

/**
 * Backstitch in one process, for tests of workflows: the real engine and sandbox on a store in memory, activities as plain functions, and the real
 * client. Temporal's names.
 *
 * With time skipping, time jumps to what is due next while somebody awaits a workflow's result or sleeps in the environment, and no activity is at work;
 * else it goes by as it does.
 */
export class TestWorkflowEnvironment {
  readonly clock: HarnessClock;
  readonly store = new InMemoryHistoryStore();
  readonly sandboxes: WorkerSandboxes;
  readonly activities: InProcessActivities;
  readonly localActivities: InProcessLocalActivities;
  readonly sinks = new WorkerSinks();
  readonly engine: Engine;
  readonly connection: EnvironmentConnection;
  readonly client: Client;
  readonly #control: InMemoryControl;

  private constructor(
    /** Whether time is skipped. */
    readonly supportsTimeSkipping: boolean,
    { searchAttributes, seed, replaysAlways, engine }: TestWorkflowEnvironmentOptions,
  ) {
    this.sandboxes = new WorkerSandboxes(replaysAlways);
    this.clock = new HarnessClock(supportsTimeSkipping, async () => this.engine.idle());
    this.activities = new InProcessActivities(this.clock, TOKEN_SECRET, () => this.client, async (outcome) => this.engine.deliver([outcome]));
    this.localActivities = new InProcessLocalActivities(this.clock, (runId) => this.sandboxes.taskQueueOf(runId));
    const { clock, store, sandboxes: sandbox, activities: dispatcher, localActivities } = this;
    this.engine = new Engine(
      { clock, ids: new SeededIds(seed), sandbox, store, dispatcher, localActivities },
      {
        ...engine,
        searchAttributes,
        observer: {
          wakeAt: (wakeAtMs) => void clock.at(wakeAtMs, () => this.#wake()),
          workflowClosed: ({ runId }) => {
            this.activities.runClosed(runId);
            this.#control.runClosed();
          },
          incidentOpened: ({ workflowId, runId, workflowType, incident: { kind, message } }) =>
            Runtime.instance().logger.error(message, { workflowId, runId, workflowType, incident: kind }),
          workflowSinkCall: ({ workflowId, runId, workflowType, call, isReplaying }) =>
            this.sinks.call({ workflowId, runId, workflowType, taskQueue: sandbox.taskQueueOf(runId) ?? '' }, call, isReplaying),
          workflowLog: ({ workflowId, runId, workflowType, entry: { level, message, attributes } }) =>
            Runtime.instance().logger.log(level.toUpperCase() as LogLevel, message, { workflowId, runId, workflowType, ...attributes }),
        },
      },
    );
    this.#control = new InMemoryControl(this.engine, { workflowTypes: () => sandbox.workflowTypes, store, clock, tokenSecret: TOKEN_SECRET, activities: dispatcher });
    const control = this.#control;
    this.connection = { environment: this, call: async (call) => control.call(call), close: async () => control.close() };
    this.client = new Client({ connection: this.connection });
    setDefaultConnection(this.connection);
    latest = this;
  }

  /** An environment in which time is skipped. */
  static createTimeSkipping(options: TestWorkflowEnvironmentOptions = {}): Promise<TestWorkflowEnvironment> {
    return Promise.resolve(new TestWorkflowEnvironment(true, options));
  }

  /** An environment in which time goes by as it does. */
  static createLocal(options: TestWorkflowEnvironmentOptions = {}): Promise<TestWorkflowEnvironment> {
    return Promise.resolve(new TestWorkflowEnvironment(false, options));
  }

  /** The environment of that connection; of none: the one that was made last. */
  static of(connection: unknown): TestWorkflowEnvironment {
    const environment = (connection as Partial<EnvironmentConnection> | undefined)?.environment ?? latest;
    if (environment === undefined) {
      throw new Error('There is no TestWorkflowEnvironment to connect to: make one first.');
    }
    return environment;
  }

  /** As `connection`: workers and clients share it. */
  get nativeConnection(): EnvironmentConnection {
    return this.connection;
  }

  get namespace(): string {
    return 'default';
  }

  currentTimeMs(): Promise<number> {
    return Promise.resolve(this.clock.now());
  }

  /** Waits in the environment's time, which is skipped if it can be. In an activity, too. */
  sleep = async (duration: Duration): Promise<void> => {
    const durationMs = durationToMs(duration, 'The duration of sleep');
    const release = this.clock.wishToSleep();
    try {
      await (HarnessContext.attempt()?.sleep(durationMs) ?? this.clock.sleep(durationMs));
    } finally {
      release();
    }
  };

  /** Ends the environment; workers should have been shut down. */
  async teardown(): Promise<void> {
    this.clock.close();
    await this.engine.close();
    historyCollector()?.take(this.#runs());
    await this.sandboxes.close();
    if (latest === this) {
      latest = undefined;
      setDefaultConnection(undefined);
    }
  }

  #runs(): CollectedRun[] {
    return this.store.records().flatMap(({ workflowId, runId, workflowType }) => {
      const bundle = this.sandboxes.codeOf(runId);
      const events = this.store.stored(runId)?.events ?? [];
      // What the engine makes by itself has no code.
      return [{ workflowId, workflowType, events, ...(bundle === undefined ? {} : { bundle }) }];
    });
  }

  #wake(): void {
    const release = this.clock.hold();
    void this.engine
      .wake(this.store.runIdsDue(this.clock.now()))
      .catch(() => undefined)
      .finally(release);
  }
}
