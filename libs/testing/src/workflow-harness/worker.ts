import type { ActivityFunction } from './activity-attempt.js';
import { interceptedActivity } from './activity-interceptors.js';
import { convertedActivity, payloadsOf, type WorkerPayloads } from './converted-activity.js';
import { replayHistory, replayResults, type ReplayHistoriesIterable, type ReplayResult, type ReplayWorkerOptions } from './replay-histories.js';
import { TestWorkflowEnvironment } from './test-workflow-environment.js';
import { bundleOf } from './worker-bundle.js';
import { configuredWorker, type WorkerOptions } from './worker-options.js';
import type { ServedActivities } from './worker-site.js';

/** Modules to be given as `workflowInterceptorModules`; Temporal's name. None is needed here: errors of tests inside of workflow code are incidents. */
export const workflowInterceptorModules: readonly string[] = [];

/**
 * Serves a task queue of a test environment: has its workflows' code from `create` on, and runs its activities from `run` on.
 *
 * INITIALIZED → RUNNING → STOPPED
 */
export class Worker {
  #state: 'INITIALIZED' | 'RUNNING' | 'STOPPED' = 'INITIALIZED';
  #serving: ServedActivities | undefined;
  #stop!: () => void;
  readonly #stopped = new Promise<void>((resolve) => (this.#stop = resolve));

  private constructor(
    readonly options: WorkerOptions,
    private readonly environment: TestWorkflowEnvironment,
    private readonly activities: ReadonlyMap<string, ActivityFunction>,
  ) {}

  /** @throws WorkflowBundleError */
  static async create(given: WorkerOptions): Promise<Worker> {
    const options = configuredWorker(given);
    const environment = TestWorkflowEnvironment.of(options.connection);
    const bundle = await bundleOf(options);
    const payloads = await payloadsOf(options.dataConverter ?? {});
    const activities = activityFunctions(options, payloads);
    await environment.workers.deploy({ taskQueue: options.taskQueue, bundle, activities, sinks: options.sinks ?? {}, payloads });
    return new Worker(options, environment, activities);
  }

  /**
   * Replays a history against workflow code: as {@link replayHistory}.
   * @throws DeterminismViolationError, ReplayError
   */
  static async runReplayHistory(options: ReplayWorkerOptions, history: unknown, workflowId?: string): Promise<void> {
    await replayHistory(history, options, workflowId);
  }

  /** Replays histories against workflow code, one after another, and answers what became of each: `error` is undefined where it goes on as recorded. */
  static runReplayHistories(options: ReplayWorkerOptions, histories: ReplayHistoriesIterable): AsyncIterableIterator<ReplayResult> {
    return replayResults(options, histories);
  }

  getState(): 'INITIALIZED' | 'RUNNING' | 'STOPPED' {
    return this.#state;
  }

  /** Runs activities until `shutdown`. */
  async run(): Promise<void> {
    const serving = this.#begin();
    try {
      await serving.ready;
      await this.#stopped;
    } finally {
      await serving.stop();
    }
  }

  /** Runs activities until the work is done, and answers what it came to. */
  async runUntil<Result>(work: Promise<Result> | (() => Promise<Result>)): Promise<Result> {
    const run = this.run();
    const working = typeof work === 'function' ? (async () => work())() : work;
    try {
      // A worker that cannot run will not get the work done.
      return await Promise.race([working, run.then(() => working)]);
    } finally {
      if (this.#state === 'RUNNING') {
        this.shutdown();
      }
      await run;
    }
  }

  /** Takes no more activities; `run` resolves once those under way have ended. */
  shutdown(): void {
    this.#state = 'STOPPED';
    this.#stop();
  }

  /** As if its process were killed: nothing is heard any more of what it was doing. */
  crash(): void {
    this.#serving?.crash();
    this.shutdown();
  }

  #begin(): ServedActivities {
    if (this.#state !== 'INITIALIZED') {
      throw new Error('A worker runs once.');
    }
    this.#state = 'RUNNING';
    const { taskQueue, identity = `${process.pid}@test` } = this.options;
    this.#serving = this.environment.workers.serve({ taskQueue, identity, activities: this.activities });
    return this.#serving;
  }
}

/** Functions of an object, those of its class among them, as the worker calls them. */
function activityFunctions({ activities = {}, interceptors = {} }: WorkerOptions, payloads: WorkerPayloads): ReadonlyMap<string, ActivityFunction> {
  const found = new Map<string, ActivityFunction>();
  for (let from: object | null = activities; from !== null && from !== Object.prototype; from = Object.getPrototypeOf(from) as object | null) {
    for (const name of Object.getOwnPropertyNames(from)) {
      const value = (activities as Record<string, unknown>)[name];
      if (typeof value === 'function' && name !== 'constructor' && !found.has(name)) {
        found.set(name, convertedActivity(interceptedActivity((value as ActivityFunction).bind(activities), interceptors), payloads));
      }
    }
  }
  return found;
}
