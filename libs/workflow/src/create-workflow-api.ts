import { executeWithOptions, proxyActivitiesOf } from './activities.js';
import * as authoring from './authoring.js';
import * as common from './common.js';
import type { Duration } from './duration.js';
import type { TimerOptions } from './interceptors.js';
import * as workflow from './index.js';
import { setHandlerOf } from './messages.js';
import { RunFeatures } from './run-features.js';
import { SagaOfBody, SagaRun } from './saga-run.js';
import { conditionIn, legacyConditionIn, legacySleepIn, sleepIn } from './timers.js';
import { workflowInfoOf } from './workflow-info.js';
import { createWorkflowLogger } from './workflow-logger.js';
import { WorkflowRun } from './workflow-run.js';

/** Everything that workflow code can import, for one run: the authoring API, and what both it and services share. */
export type WorkflowApi = typeof workflow & typeof common;

/** Gives what workflow code imports, by name; made when it is asked for, since most runs use few of these. */
export type ApiOfRun = <Name extends keyof WorkflowApi>(name: Name) => WorkflowApi[Name];

/** The authoring functions of one run. Classes, definitions and what is seldom used are shared by all runs of a context: they find the run by the calling code. */
export function createWorkflowApi(run: WorkflowRun): ApiOfRun {
  const functions = new FunctionsOfRun(run);
  return (name) => (name in functions ? functions[name as keyof FunctionsOfRun] : SHARED_API[name]) as never;
}

/** What all runs of a context share: to be frozen, so that no run can leave anything there for another. */
export const SHARED_API: Readonly<WorkflowApi> = { ...common, ...workflow };

type PerRun = typeof authoring & Pick<typeof workflow, 'proxyActivities' | 'setHandler'>;

/**
 * What nearly every workflow uses: each getter gives a function that belongs to the run, so it works also where no scope is known (in the `then` of an
 * object that is no promise). A name that is imported is asked for once.
 */
class FunctionsOfRun implements PerRun {
  readonly #run: WorkflowRun;

  constructor(run: WorkflowRun) {
    this.#run = run;
  }

  get proxyActivities(): PerRun['proxyActivities'] {
    const run = this.#run;
    return (options) => proxyActivitiesOf(run, options);
  }

  get sleep(): PerRun['sleep'] {
    const run = this.#run;
    return run.isLegacy ? (duration) => legacySleepIn(run, duration) : (duration, options) => sleepIn(run, duration, options);
  }

  get condition(): PerRun['condition'] {
    const run = this.#run;
    const wait = run.isLegacy ? legacyConditionIn : conditionIn;
    return ((predicate: () => boolean, timeout?: Duration, options?: TimerOptions) => wait(run, predicate, timeout, options)) as PerRun['condition'];
  }

  get setHandler(): PerRun['setHandler'] {
    const run = this.#run;
    return (definition: unknown, handler: unknown, options?: unknown) => setHandlerOf(run, definition, handler, options);
  }

  get workflowInfo(): PerRun['workflowInfo'] {
    const run = this.#run;
    return () => workflowInfoOf(run);
  }

  get uuid4(): PerRun['uuid4'] {
    const run = this.#run;
    return () => run.random.uuid4();
  }

  get now(): PerRun['now'] {
    const run = this.#run;
    return () => run.timestampMs;
  }

  get random(): PerRun['random'] {
    const run = this.#run;
    return () => run.random.next();
  }

  get log(): PerRun['log'] {
    const run = this.#run;
    return createWorkflowLogger(() => run);
  }
}

/** What can be reached from workflow code and is shared, but has no name: to be frozen too. */
export const UNNAMED_SHARED: readonly unknown[] = [executeWithOptions, FunctionsOfRun, RunFeatures, SagaOfBody, SagaRun, WorkflowRun];
