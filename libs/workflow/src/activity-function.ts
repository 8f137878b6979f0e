/* eslint-disable @typescript-eslint/no-explicit-any -- what authors write for Temporal must fit: their functions may have any arguments */
import type { ActivityOptions, LocalActivityOptions, ProxyOptions } from './activity-options.js';

/** An activity as workflow code calls it. */
export interface ActivityFunction<Args extends any[] = any[], Result = any> {
  (...args: Args): Promise<Result>;
}

/** Activities of any name. */
export type UntypedActivities = Record<string, ActivityFunction>;

/** Older name of {@link UntypedActivities}. */
export type ActivityInterface = Record<string, ActivityFunction>;

/** Stands where a member of an activities' type is no activity: calling it is an error of types. */
export const NotAnActivityMethod: unique symbol = Symbol.for('__BACKSTITCH_NOT_AN_ACTIVITY_METHOD') as never;

/** The activities of `T` as `proxyActivities` gives them: those that return promises. */
export type ActivityInterfaceFor<T> = {
  [K in keyof T]: T[K] extends ActivityFunction ? ActivityFunctionWithOptions<T[K]> : typeof NotAnActivityMethod;
};

/** The activities of `T` as `proxyLocalActivities` gives them. */
export type LocalActivityInterfaceFor<T> = {
  [K in keyof T]: T[K] extends ActivityFunction ? LocalActivityFunctionWithOptions<T[K]> : typeof NotAnActivityMethod;
};

export type ActivityFunctionWithOptions<T extends ActivityFunction> = T & {
  /** Calls the activity with other options: those given count, the rest is as in the proxy. */
  executeWithOptions(options: ActivityOptions, args: Parameters<T>): Promise<Awaited<ReturnType<T>>>;
};

export type LocalActivityFunctionWithOptions<T extends ActivityFunction> = T & {
  /** Calls the activity with other options: those given count, the rest is as in the proxy. */
  executeWithOptions(options: LocalActivityOptions, args: Parameters<T>): Promise<Awaited<ReturnType<T>>>;
};

/** What a proxied function knows of its activity. */
export interface ActivityReference {
  activityType: string;
  options: ProxyOptions;
}

// A property of the function: a WeakMap of as many entries as there are suspended runs' activities would burden every garbage collection.
const REFERENCE = Symbol('activity');

/** Makes `fn` known as the activity's function. */
export function markActivityFunction<F extends ActivityFunction>(fn: F, reference: ActivityReference): F {
  (fn as { [REFERENCE]?: ActivityReference })[REFERENCE] = reference;
  return fn;
}

/** The activity behind a function. @throws TypeError when it is none of proxyActivities */
export function activityReferenceOf(fn: unknown, what: string): ActivityReference {
  const reference = typeof fn === 'function' ? (fn as { [REFERENCE]?: ActivityReference })[REFERENCE] : undefined;
  if (reference === undefined) throw new TypeError(`${what} must be a function of proxyActivities().`);
  return reference;
}
