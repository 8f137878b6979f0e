import type { ProxyOptions } from './activity-options.js';

/** An activity as workflow code calls it. */
// Parameters must stay open here: an interface of activities may have any.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type ActivityFunction = (...args: any[]) => Promise<any>;

/** The activities of `T` as `proxyActivities` gives them: each returns a promise. */
export type ActivityInterfaceFor<T> = {
  [K in keyof T]: T[K] extends ActivityFunction
    ? T[K]
    : T[K] extends (...args: infer Args) => infer Result
      ? (...args: Args) => Promise<Result>
      : never;
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
