import { Client } from '@backstitch/client';
import { Engine, type EngineOptions, type Sandbox } from '@backstitch/engine';
import type { SearchAttributeDefinitions } from '@backstitch/protocol';
import { durationToMs, type Duration } from '@backstitch/protocol/failures';
import { CodecSandbox, createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import { historyCollector, type CollectedRun } from '../history-collector.js';
import { InMemoryHistoryStore } from '../in-memory-history-store.js';
import { SeededIds } from '../seeded-ids.js';
import { HarnessContext } from './activity-attempt.js';
import type { WorkerPayloads } from './converted-activity.js';
import { HarnessClock } from './harness-clock.js';
import { InMemoryControl } from './in-memory-control.js';
import { InProcessActivities } from './in-process-activities.js';
import { InProcessLocalActivities } from './in-process-local-activities.js';
import { WorkerSinks } from './injected-sinks.js';
import { Runtime, type LogLevel } from './runtime.js';
import { TestWorkflowEnvironment, type ClientOptionsForTestEnv, type EnvironmentConnection } from './test-workflow-environment.js';
import { WorkerSandboxes } from './worker-sandboxes.js';
import type { WorkerDeployment, WorkerSite } from './worker-site.js';

/** Of `TestWorkflowEnvironment.createTimeSkipping`. */
export interface TimeSkippingTestWorkflowEnvironmentOptions {
  /** Custom search attributes that workflows may use, and of which type. Default none. */
  searchAttributes?: SearchAttributeDefinitions;
  /** Forgets each run after every workflow task, so that all go through replay: slower, and finds code that is not deterministic. Default false. */
  replaysAlways?: boolean;
  /** Fixes run ids and the jitter of retries. Default 1. */
  seed?: number;
  /** Limits of the engine. Default: the engine's. */
  engine?: Omit<EngineOptions, 'observer' | 'searchAttributes'>;
  /** What `client` is made with. */
  client?: ClientOptionsForTestEnv;
  /** Taken for compatibility: there is no server to start. */
  server?: unknown;
}

/** Seals task tokens. A test environment has nothing to protect. */
const TOKEN_SECRET = 'backstitch test environment';

/**
 * Backstitch in one process: the real engine and sandbox on a store in memory, activities as plain functions, and the real client.
 *
 * Time jumps to what is due next while somebody awaits a workflow's result or sleeps in the environment, and no activity is at work; else it goes by as it
 * does.
 */
export class InMemoryWorkflowEnvironment extends TestWorkflowEnvironment {
  readonly supportsTimeSkipping = true;
  readonly clock: HarnessClock;
  readonly store = new InMemoryHistoryStore();
  readonly sandboxes: WorkerSandboxes;
  readonly activities: InProcessActivities;
  readonly localActivities: InProcessLocalActivities;
  readonly sinks = new WorkerSinks();
  readonly engine: Engine;
  readonly connection: EnvironmentConnection;
  readonly client: Client;
  readonly workers: WorkerSite = { deploy: async (worker) => this.#deploy(worker), serve: (server) => this.activities.serve(server) };
  readonly #control: InMemoryControl;

  constructor({ searchAttributes, seed, replaysAlways, engine, client }: TimeSkippingTestWorkflowEnvironmentOptions = {}) {
    super();
    this.sandboxes = new WorkerSandboxes(replaysAlways);
    this.clock = new HarnessClock(true, () => (this.engine.isIdle ? undefined : this.engine.idle()));
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
    this.#control = new InMemoryControl(this.engine, { workflowTypes: () => sandbox.workflowTypes, store, clock, tokenSecret: TOKEN_SECRET, activities: dispatcher, searchAttributes });
    const control = this.#control;
    this.connection = { environment: this, call: async (call) => control.call(call), close: async () => control.close() };
    this.client = new Client({ ...client, connection: this.connection });
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

  protected async end(): Promise<void> {
    await this.#stop();
    historyCollector()?.take(this.#runs());
    await this.sandboxes.close();
  }

  /** @internal Ends what nobody else has seen: its histories are of no interest. */
  async discard(): Promise<void> {
    await this.#stop();
    await this.sandboxes.close();
  }

  async #stop(): Promise<void> {
    this.clock.close();
    await this.#control.stop();
    await this.engine.close();
  }

  async #deploy({ taskQueue, bundle, activities, sinks, payloads }: WorkerDeployment): Promise<void> {
    if (bundle !== undefined) {
      await this.sandboxes.use(taskQueue, sandboxOf(bundle, payloads));
      await this.engine.evict(this.sandboxes.runIds);
    }
    this.localActivities.use(taskQueue, activities);
    this.sinks.use(taskQueue, sinks);
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

/** Where values are not plain JSON the sandbox does not tell its code: nobody else can read what stands in its histories. */
function sandboxOf(bundle: WorkflowBundle, { codec, conversion }: WorkerPayloads): Sandbox {
  const sandbox = createInThreadSandbox({ bundle, activationTimeoutMs: 5_000 });
  if (codec !== undefined) return new CodecSandbox(sandbox, codec);
  if (conversion === undefined) return sandbox;
  return { workflowTypes: sandbox.workflowTypes, activate: async (batch) => sandbox.activate(batch), evict: async (runIds) => sandbox.evict(runIds), close: async () => sandbox.close() };
}
