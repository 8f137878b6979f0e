import { bundleWorkflows, createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import type { ActivityFunction } from './activity-attempt.js';
import type { InjectedSinks } from './injected-sinks.js';
import { TestWorkflowEnvironment } from './test-workflow-environment.js';

export interface WorkerOptions {
  /** `environment.nativeConnection`. Default: the environment that was made last. */
  connection?: unknown;
  taskQueue: string;
  /** The module that exports the workflow functions. */
  workflowsPath?: string;
  /** In place of `workflowsPath`: what `bundleWorkflowCode` made. */
  workflowBundle?: WorkflowBundle | { bundle: WorkflowBundle };
  /** Functions by activity type. */
  activities?: object;
  /** Functions that workflow code calls by `proxySinks`, by sink and name. */
  sinks?: InjectedSinks;
  /** Modules of workflow interceptors, outermost first. */
  interceptors?: { workflowModules?: readonly string[] } & Record<string, unknown>;
  bundlerOptions?: { ignoreModules?: readonly string[] } & Record<string, unknown>;
  identity?: string;
  namespace?: string;
  buildId?: string;
  /** How many workflow tasks are replayed from memory: none if 0. Taken for compatibility. */
  maxCachedWorkflows?: number;
  [other: string]: unknown;
}

export interface BundleOptions {
  workflowsPath: string;
  workflowInterceptorModules?: readonly string[];
  ignoreModules?: readonly string[];
  [other: string]: unknown;
}

/** A bundle for `Worker.create({ workflowBundle })`. Temporal's name for it. */
export type WorkflowBundleWithSourceMap = WorkflowBundle;

/** Modules to be given as `workflowInterceptorModules`; Temporal's name. None is needed here: errors of tests inside of workflow code are incidents. */
export const workflowInterceptorModules: readonly string[] = [];

/** Bundles workflow code once for many workers. */
export async function bundleWorkflowCode({ workflowsPath, workflowInterceptorModules, ignoreModules }: BundleOptions): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflows({ workflowsPath, workflowInterceptorModules, ignoreModules });
}

/**
 * Serves a task queue of a test environment: has its workflows' code from `create` on, and runs its activities from `run` on.
 *
 * INITIALIZED → RUNNING → STOPPED
 */
export class Worker {
  #state: 'INITIALIZED' | 'RUNNING' | 'STOPPED' = 'INITIALIZED';
  #serving: { stop: () => Promise<void>; crash: () => void } | undefined;
  #stop!: () => void;
  readonly #stopped = new Promise<void>((resolve) => (this.#stop = resolve));

  private constructor(
    readonly options: WorkerOptions,
    private readonly environment: TestWorkflowEnvironment,
    private readonly activities: ReadonlyMap<string, ActivityFunction>,
  ) {}

  /** @throws WorkflowBundleError */
  static async create(options: WorkerOptions): Promise<Worker> {
    const environment = TestWorkflowEnvironment.of(options.connection);
    const bundle = await bundleOf(options);
    const activities = activityFunctions(options.activities ?? {});
    if (bundle !== undefined) {
      await environment.sandboxes.use(options.taskQueue, createInThreadSandbox({ bundle, activationTimeoutMs: 5_000 }));
      await environment.engine.evict(environment.sandboxes.runIds);
    }
    environment.localActivities.use(options.taskQueue, activities);
    environment.sinks.use(options.taskQueue, options.sinks ?? {});
    return new Worker(options, environment, activities);
  }

  getState(): 'INITIALIZED' | 'RUNNING' | 'STOPPED' {
    return this.#state;
  }

  /** Runs activities until `shutdown`. */
  async run(): Promise<void> {
    this.#begin();
    await this.#stopped;
    await this.#serving?.stop();
  }

  /** Runs activities until the work is done, and answers what it came to. */
  async runUntil<Result>(work: Promise<Result> | (() => Promise<Result>)): Promise<Result> {
    const run = this.run();
    try {
      return await (typeof work === 'function' ? work() : work);
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

  #begin(): void {
    if (this.#state !== 'INITIALIZED') {
      throw new Error('A worker runs once.');
    }
    this.#state = 'RUNNING';
    const { taskQueue, identity = `${process.pid}@test` } = this.options;
    this.#serving = this.environment.activities.serve({ taskQueue, identity, activities: this.activities });
  }
}

async function bundleOf({ workflowsPath, workflowBundle, interceptors, bundlerOptions }: WorkerOptions): Promise<WorkflowBundle | undefined> {
  if (workflowBundle !== undefined) {
    return 'bundle' in workflowBundle ? workflowBundle.bundle : workflowBundle;
  }
  if (workflowsPath === undefined) {
    return undefined;
  }
  return bundleWorkflowCode({ workflowsPath, workflowInterceptorModules: interceptors?.workflowModules, ignoreModules: bundlerOptions?.ignoreModules });
}

/** Functions of an object, those of its class among them. */
function activityFunctions(activities: object): ReadonlyMap<string, ActivityFunction> {
  const found = new Map<string, ActivityFunction>();
  for (let from: object | null = activities; from !== null && from !== Object.prototype; from = Object.getPrototypeOf(from) as object | null) {
    for (const name of Object.getOwnPropertyNames(from)) {
      const value = (activities as Record<string, unknown>)[name];
      if (typeof value === 'function' && name !== 'constructor' && !found.has(name)) {
        found.set(name, (value as ActivityFunction).bind(activities));
      }
    }
  }
  return found;
}
