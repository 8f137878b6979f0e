import { ActivityCancellationType, proxyActivities as temporalProxyActivities, proxyLocalActivities as temporalProxyLocalActivities, scheduleActivity } from '@temporalio/workflow';

/** @type {WeakMap<object, { activityType: string, options: Record<string, unknown> }>} functions of proxies, and what they stand for */
const references = new WeakMap();

/** Temporal insists on one of two time-outs. Replay compares none of them. */
const withTimeout = (options) => (options.startToCloseTimeout === undefined && options.scheduleToCloseTimeout === undefined ? { ...options, startToCloseTimeout: '1 day' } : options);

/** As Temporal's, with functions that saga() can take as steps and undos. */
export function proxyActivities(options) {
  const given = withTimeout(options ?? {});
  const proxied = temporalProxyActivities(given);
  const known = {};
  return new Proxy(proxied, {
    get(target, activityType) {
      const activity = target[activityType];
      if (typeof activityType !== 'string' || typeof activity !== 'function') return activity;
      if (!Object.hasOwn(known, activityType)) {
        references.set(activity, { activityType, options: given });
        known[activityType] = activity;
      }
      return known[activityType];
    },
  });
}

export function proxyLocalActivities(options) {
  return temporalProxyLocalActivities(withTimeout(options ?? {}));
}

/** What an activity function stands for. @throws TypeError for anything else */
export function referenceOf(activity, what) {
  const reference = references.get(activity);
  if (reference === undefined) throw new TypeError(`${what} must be a function of proxyActivities.`);
  return reference;
}

/** Schedules an undo: its cancellation, if one gets through to it, is waited for. */
export function scheduleUndo({ activityType, options }, undoInput) {
  return scheduleActivity(activityType, [undoInput], { ...options, cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED });
}
