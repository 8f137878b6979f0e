import { markActivityFunction, activityReferenceOf, type ActivityFunction, type ActivityInterfaceFor, type ActivityReference, type LocalActivityInterfaceFor, type UntypedActivities } from './activity-function.js';
import {
  checkActivityOptions,
  mergeActivityOptions,
  ProxyOptions,
  resolveLocalActivityOptions,
  type ActivityOptions,
  type ActivityProxyOptions,
  type LocalActivityOptions,
  type LocalActivityProxyOptions,
} from './activity-options.js';
import { runFor, scopeFor } from './current-run.js';
import { chain } from './interceptor-chain.js';
import type { ActivityInput, LocalActivityInput } from './interceptors.js';
import { LocalActivityDoBackoff } from './local-activity-backoff.js';
import { headersMember } from './headers-member.js';
import { scopeOrUndefined } from './scope-context.js';
import type { WorkflowRun } from './workflow-run.js';

/**
 * Functions that schedule the activities of `T`. Temporal's meaning; a function also serves as a step or an undo in `saga`.
 * @throws TypeError (from each function's call too) for options that make no sense
 */
export function proxyActivities<Activities = UntypedActivities>(options: ActivityProxyOptions<Activities>): ActivityInterfaceFor<Activities> {
  return proxyActivitiesOf<Activities>(undefined, options);
}

/** {@link proxyActivities} for a given run; without one, for the run that calls. */
export function proxyActivitiesOf<Activities>(run: WorkflowRun | undefined, options: ActivityProxyOptions<Activities>): ActivityInterfaceFor<Activities> {
  return new Proxy({}, new ActivityProxy(run, new ProxyOptions(options))) as ActivityInterfaceFor<Activities>;
}

/**
 * Functions that run the activities of `T` in the host's own process: for short work that needs no queue. What they come to is recorded with the workflow
 * task that follows. @throws TypeError for options that make no sense
 */
export function proxyLocalActivities<Activities = UntypedActivities>(options: LocalActivityProxyOptions<Activities>): LocalActivityInterfaceFor<Activities> {
  checkActivityOptions(options);
  return new Proxy({}, new LocalActivityProxy(options)) as LocalActivityInterfaceFor<Activities>;
}

/** Schedules an activity by its name. @throws TypeError for options that make no sense */
export function scheduleActivity<Result>(activityType: string, args: unknown[], options: ActivityOptions): Promise<Result> {
  return callActivity(runFor('scheduleActivity'), { activityType, options: new ProxyOptions(options) }, args) as Promise<Result>;
}

/** Runs a local activity by its name: again and again, if it asks for a pause. @throws TypeError for options that make no sense */
export async function scheduleLocalActivity<Result>(activityType: string, args: unknown[], options: LocalActivityOptions): Promise<Result> {
  const run = runFor('scheduleLocalActivity');
  checkActivityOptions(options);
  let attempt = 1;
  let originalScheduleTimeMs: number | undefined;
  for (;;) {
    const schedule = chain(run.interceptors?.outbound, 'scheduleLocalActivity', async (input: LocalActivityInput) => scheduleOne(run, input));
    try {
      return (await schedule({ activityType, headers: {}, options, args, seq: run.activities.takeSeq(), attempt, originalScheduleTimeMs })) as Result;
    } catch (error) {
      if (!(error instanceof LocalActivityDoBackoff)) throw error;
      await run.sleep(scopeFor('scheduleLocalActivity'), Math.max(1, error.backoff.delayMs));
      ({ attempt, originalScheduleTimeMs } = error.backoff);
    }
  }
}

async function scheduleOne(run: WorkflowRun, { activityType, args, options, headers, seq, attempt, originalScheduleTimeMs }: LocalActivityInput): Promise<unknown> {
  const again = attempt === 1 ? '' : `,"attempt":${attempt}${originalScheduleTimeMs === undefined ? '' : `,"originalScheduleTimeMs":${originalScheduleTimeMs}`}`;
  const summary = options.summary === undefined ? '' : `,"summary":${JSON.stringify(options.summary)}`;
  const extras = { seq, json: `${again}${summary}${headersMember(headers)}` };
  return run.activities.scheduleLocal(scopeFor(activityType), activityType, args, resolveLocalActivityOptions(options), extras);
}

/** Makes the function of an activity when it is first asked for, and keeps the first one; the proxy's target keeps the others. */
class ActivityProxy implements ProxyHandler<Record<string, ActivityFunction>> {
  #firstType: string | undefined;
  #first: ActivityFunction | undefined;

  constructor(
    readonly run: WorkflowRun | undefined,
    readonly options: ProxyOptions,
  ) {}

  get(known: Record<string, ActivityFunction>, activityType: string | symbol): ActivityFunction | undefined {
    // `then`: a proxy that is returned from an async function must not be taken for a promise.
    if (typeof activityType !== 'string' || activityType === 'then') return undefined;
    if (activityType === this.#firstType) return this.#first;
    if (Object.hasOwn(known, activityType)) return known[activityType];
    const activity = activityFunction(this.run, { activityType, options: this.options });
    if (this.#first === undefined) {
      this.#firstType = activityType;
      this.#first = activity;
    } else Reflect.defineProperty(known, activityType, { value: activity });
    return activity;
  }
}

function activityFunction(run: WorkflowRun | undefined, reference: ActivityReference): ActivityFunction {
  const activity = (...args: unknown[]): Promise<unknown> => {
    try {
      return callActivity(run ?? runFor(reference.activityType), reference, args);
    } catch (error) {
      return Promise.reject(error);
    }
  };
  (activity as unknown as { executeWithOptions: typeof executeWithOptions }).executeWithOptions = executeWithOptions;
  return markActivityFunction(activity, reference);
}

/** One function for all activities: every suspended run holds many of theirs. */
export function executeWithOptions(this: ActivityFunction, override: ActivityOptions, args: unknown[]): Promise<unknown> {
  const { activityType, options } = activityReferenceOf(this, 'What executeWithOptions is called on');
  return scheduleActivity(activityType, args, mergeActivityOptions(options.given, override));
}

/** Schedules an activity in the caller's scope, through the run's interceptors. */
export function callActivity(run: WorkflowRun, reference: ActivityReference, args: unknown[]): Promise<unknown> {
  const interceptors = run.interceptors?.outbound;
  if (interceptors === undefined) return run.scheduleActivity(scopeOf(run), reference, args).promise;
  const schedule = chain(interceptors, 'scheduleActivity', (input: ActivityInput) => {
    const { activityType, options, headers, seq } = input;
    const given = { activityType, options: options === reference.options.given ? reference.options : new ProxyOptions(options) };
    return run.scheduleActivity(scopeOf(run), given, input.args, undefined, { seq, json: headersMember(headers) }).promise;
  });
  return schedule({ activityType: reference.activityType, args, options: reference.options.given, headers: {}, seq: run.activities.takeSeq() });
}

/** The scope of the caller. Code of another run can be on the stack only through a shared module; then this run's root scope is right. */
export function scopeOf(run: WorkflowRun): WorkflowRun['rootScope'] {
  const current = scopeOrUndefined();
  return current !== undefined && current.workflowRun === run ? current : run.rootScope;
}

class LocalActivityProxy implements ProxyHandler<object> {
  constructor(readonly options: LocalActivityOptions) {}

  get(_target: object, activityType: string | symbol): unknown {
    if (typeof activityType !== 'string' || activityType === 'then') return undefined;
    const { options } = this;
    const activity = (...args: unknown[]): Promise<unknown> => scheduleLocalActivity(activityType, args, options);
    return Object.assign(activity, {
      executeWithOptions: (override: LocalActivityOptions, args: unknown[]): Promise<unknown> => scheduleLocalActivity(activityType, args, mergeActivityOptions(options, override)),
    });
  }
}
