import type { JsonObject, WorkflowLogEntry } from '@backstitch/protocol';
import { markActivityFunction, type ActivityFunction, type ActivityInterfaceFor, type ActivityReference } from './activity-function.js';
import { ProxyOptions, type ActivityOptions } from './activity-options.js';
import * as authoring from './authoring.js';
import { CancellationScope } from './cancellation-scope.js';
import { durationToMs, type Duration } from './duration.js';
import * as failures from './failures.js';
import { IllegalStateError } from './illegal-state-error.js';
import { runSaga, SAGA_UNDO_FAILED, type Saga, type SagaOptions } from './saga.js';
import { runInScope, scopeOrUndefined } from './scope-context.js';
import type { WorkflowRun } from './workflow-run.js';

/** Everything that workflow code can import from `@backstitch/workflow`, for one run. */
export type WorkflowApi = typeof authoring &
  Pick<
    typeof failures,
    | 'ActivityFailure'
    | 'ApplicationFailure'
    | 'CancelledFailure'
    | 'isCancellation'
    | 'ServerFailure'
    | 'TemporalFailure'
    | 'TerminatedFailure'
    | 'TimeoutFailure'
  > & { CancellationScope: typeof CancellationScope; IllegalStateError: typeof IllegalStateError; SAGA_UNDO_FAILED: typeof SAGA_UNDO_FAILED };

/** Gives what workflow code imports, by name; made when it is asked for, since most runs use few of these. */
export type ApiOfRun = <Name extends keyof WorkflowApi>(name: Name) => WorkflowApi[Name];

/** The authoring functions of one run. Classes and definitions are shared by all runs of a context. */
export function createWorkflowApi(run: WorkflowRun): ApiOfRun {
  const functions = new FunctionsOfRun(run);
  return (name) => {
    if (Object.hasOwn(SHARED_API, name)) return SHARED_API[name as keyof typeof SHARED_API] as never;
    return functions[name as keyof FunctionsOfRun] as never;
  };
}

/** What all runs of a context share: to be frozen, so that no run can leave anything there for another. */
export const SHARED_API = {
  ActivityFailure: failures.ActivityFailure,
  ApplicationFailure: failures.ApplicationFailure,
  CancelledFailure: failures.CancelledFailure,
  CancellationScope,
  defineQuery: authoring.defineQuery,
  defineSignal: authoring.defineSignal,
  IllegalStateError,
  isCancellation: failures.isCancellation,
  SAGA_UNDO_FAILED,
  ServerFailure: failures.ServerFailure,
  TemporalFailure: failures.TemporalFailure,
  TerminatedFailure: failures.TerminatedFailure,
  TimeoutFailure: failures.TimeoutFailure,
} satisfies Partial<WorkflowApi>;

/** Each getter gives a function that belongs to the run; a name that is imported is asked for once. */
class FunctionsOfRun implements Omit<WorkflowApi, keyof typeof SHARED_API> {
  readonly #run: WorkflowRun;

  constructor(run: WorkflowRun) {
    this.#run = run;
  }

  get proxyActivities(): WorkflowApi['proxyActivities'] {
    const run = this.#run;
    return <T>(options: ActivityOptions) => proxy<T>(run, options);
  }

  get sleep(): WorkflowApi['sleep'] {
    const run = this.#run;
    return async (duration: Duration) => run.sleep(scopeOf(run), durationToMs(duration, 'The duration of sleep'));
  }

  get condition(): WorkflowApi['condition'] {
    const run = this.#run;
    return (async (predicate: () => boolean, timeout?: Duration) => {
      const timeoutMs = timeout === undefined ? undefined : durationToMs(timeout, 'The timeout of condition');
      return run.condition(scopeOf(run), predicate, timeoutMs);
    }) as WorkflowApi['condition'];
  }

  get setHandler(): WorkflowApi['setHandler'] {
    const run = this.#run;
    return (definition, handler) => {
      const { type, name } = definition as { type: 'signal' | 'query'; name: string };
      const untyped = handler as ((...args: unknown[]) => unknown) | undefined;
      if (untyped !== undefined && typeof untyped !== 'function') throw new TypeError(`The handler of ${type} "${name}" must be a function.`);
      if (type === 'signal') run.setSignalHandler(name, untyped);
      else if (type === 'query') run.setQueryHandler(name, untyped);
      else throw new TypeError('setHandler takes what defineSignal or defineQuery gave.');
    };
  }

  get workflowInfo(): WorkflowApi['workflowInfo'] {
    const run = this.#run;
    return () => {
      const { startTimeMs, historySizeBytes, isReplaying, ...rest } = run.info;
      return { ...rest, startTime: new Date(startTimeMs), historySize: historySizeBytes, unsafe: { isReplaying } };
    };
  }

  get uuid4(): WorkflowApi['uuid4'] {
    const run = this.#run;
    return () => run.random.uuid4();
  }

  get now(): WorkflowApi['now'] {
    const run = this.#run;
    return () => run.timestampMs;
  }

  get random(): WorkflowApi['random'] {
    const run = this.#run;
    return () => run.random.next();
  }

  get upsertSearchAttributes(): WorkflowApi['upsertSearchAttributes'] {
    const run = this.#run;
    return (searchAttributes) => run.upsertSearchAttributes(searchAttributes);
  }

  get saga(): WorkflowApi['saga'] {
    const run = this.#run;
    return <Result>(
      optionsOrBody: SagaOptions | ((saga: Saga) => Promise<Result>),
      body?: (saga: Saga) => Promise<Result>,
    ): Promise<Result> =>
      runInScope(scopeOf(run), () => {
        if (typeof optionsOrBody === 'function') return runSaga({}, optionsOrBody);
        if (typeof body !== 'function') throw new TypeError('saga takes a body: saga(body) or saga(options, body).');
        return runSaga(optionsOrBody, body);
      });
  }

  get log(): WorkflowApi['log'] {
    const run = this.#run;
    const logAt =
      (level: WorkflowLogEntry['level']) =>
      (message: string, attributes?: Record<string, unknown>): void =>
        run.log({ level, message, attributes: attributes as JsonObject | undefined });
    return { trace: logAt('trace'), debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') };
  }
}

/** The scope of the caller. Code of another run can be on the stack only through a shared module; then this run's root scope is right. */
function scopeOf(run: WorkflowRun): CancellationScope {
  const current = scopeOrUndefined();
  return current !== undefined && current.workflowRun === run ? current : run.rootScope;
}

function proxy<T>(run: WorkflowRun, options: ActivityOptions): ActivityInterfaceFor<T> {
  return new Proxy({}, new ActivityProxy(run, new ProxyOptions(options))) as ActivityInterfaceFor<T>;
}

/** Makes the function of an activity when it is first asked for; the proxy's target keeps it. */
class ActivityProxy implements ProxyHandler<Record<string, ActivityFunction>> {
  constructor(
    readonly run: WorkflowRun,
    readonly options: ProxyOptions,
  ) {}

  get(known: Record<string, ActivityFunction>, activityType: string | symbol): ActivityFunction | undefined {
    // `then`: a proxy that is returned from an async function must not be taken for a promise.
    if (typeof activityType !== 'string' || activityType === 'then') return undefined;
    if (Object.hasOwn(known, activityType)) return known[activityType];
    const activity = activityFunction(this.run, { activityType, options: this.options });
    Reflect.defineProperty(known, activityType, { value: activity });
    return activity;
  }
}

function activityFunction(run: WorkflowRun, reference: ActivityReference): ActivityFunction {
  const activity = (...args: unknown[]): Promise<unknown> => {
    try {
      return run.scheduleActivity(scopeOf(run), reference, args).promise;
    } catch (error) {
      return Promise.reject(error);
    }
  };
  return markActivityFunction(activity, reference);
}
