import {
  compensationQueueOf,
  DEFAULT_RETRY_POLICY,
  DEFAULT_UNDO_RETRY_POLICY,
  resolveRetryPolicy,
  type ActivityCancellationType,
  type ResolvedRetryPolicy,
  type ScheduledActivityOptions,
  type UndoRegistration,
} from '@backstitch/protocol';
import { durationToMs, type Duration } from './duration.js';
import { recurringJson } from './recurring-json.js';

/** When and how often an activity is attempted again. Temporal's names; `jitter` is ours. */
export interface ActivityRetryPolicy {
  /** Pause before the second attempt. Default 1 second. */
  initialInterval?: Duration;
  /** Each pause is the one before times this. At least 1. Default 2. */
  backoffCoefficient?: number;
  /** No pause is longer. Default 100 times `initialInterval`; for undos 1 minute. */
  maximumInterval?: Duration;
  /** Attempts in all. Default: no limit. */
  maximumAttempts?: number;
  /** Types of application failures after which no attempt is made. */
  nonRetryableErrorTypes?: string[];
  /** Each pause is lengthened or shortened by up to this share, at random. 0 to 1. Default 0.1. */
  jitter?: number;
}

/** What `proxyActivities` takes. Temporal's names; at least one of `startToCloseTimeout` and `scheduleToCloseTimeout` must be given. */
export interface ActivityOptions {
  /** The service's queue, e.g. `inventory`. Default: the workflow's own task queue; for undos the compensation queue of the step's service. */
  taskQueue?: string;
  /** One attempt may take this long. */
  startToCloseTimeout?: Duration;
  /** All attempts together, with the pauses between them, may take this long. */
  scheduleToCloseTimeout?: Duration;
  /** An attempt may wait this long for a worker. */
  scheduleToStartTimeout?: Duration;
  /** A running attempt must report at least this often. */
  heartbeatTimeout?: Duration;
  retry?: ActivityRetryPolicy;
  /** Default `WAIT_CANCELLATION_COMPLETED`. */
  cancellationType?: ActivityCancellationType;
}

const CANCELLATION_TYPES: readonly ActivityCancellationType[] = ['WAIT_CANCELLATION_COMPLETED', 'TRY_CANCEL', 'ABANDON'];

/** What an undo cannot have: it goes on until it succeeds or a person decides. */
const NOT_FOR_UNDOS = ['scheduleToCloseTimeout', 'scheduleToStartTimeout'] as const;

/** @throws TypeError when no time limit bounds an attempt, or an option is out of range */
export function checkActivityOptions(options: ActivityOptions): void {
  if (options.startToCloseTimeout === undefined && options.scheduleToCloseTimeout === undefined) {
    throw new TypeError('proxyActivities needs startToCloseTimeout or scheduleToCloseTimeout: without one a lost attempt would never be noticed.');
  }
  if (options.cancellationType !== undefined && !CANCELLATION_TYPES.includes(options.cancellationType)) {
    throw new TypeError(`cancellationType must be one of ${CANCELLATION_TYPES.join(', ')}, not ${String(options.cancellationType)}.`);
  }
  const { backoffCoefficient, maximumAttempts, jitter } = options.retry ?? {};
  if (backoffCoefficient !== undefined && !(backoffCoefficient >= 1)) throw new TypeError('retry.backoffCoefficient must be at least 1.');
  if (maximumAttempts !== undefined && maximumAttempts !== Infinity && !(Number.isInteger(maximumAttempts) && maximumAttempts >= 1)) {
    throw new TypeError('retry.maximumAttempts must be a whole number of at least 1, or Infinity.');
  }
  if (jitter !== undefined && !(jitter >= 0 && jitter <= 1)) throw new TypeError('retry.jitter must be from 0 to 1.');
}

/** The options of a step or a plain activity as they are recorded. */
export function resolveActivityOptions(options: ActivityOptions, defaultTaskQueue: string): ScheduledActivityOptions {
  return {
    taskQueue: options.taskQueue ?? defaultTaskQueue,
    startToCloseTimeoutMs: optionalMs(options.startToCloseTimeout, 'startToCloseTimeout'),
    scheduleToStartTimeoutMs: optionalMs(options.scheduleToStartTimeout, 'scheduleToStartTimeout'),
    scheduleToCloseTimeoutMs: optionalMs(options.scheduleToCloseTimeout, 'scheduleToCloseTimeout'),
    heartbeatTimeoutMs: optionalMs(options.heartbeatTimeout, 'heartbeatTimeout'),
    retryPolicy: resolveRetry(options.retry, DEFAULT_RETRY_POLICY),
    cancellationType: options.cancellationType ?? 'WAIT_CANCELLATION_COMPLETED',
  };
}

/**
 * An undo as it is recorded with its step (law L3).
 * @throws TypeError for an option that undos do not have
 */
export function resolveUndo(activityType: string, options: ActivityOptions, stepTaskQueue: string): UndoRegistration {
  const unfit = NOT_FOR_UNDOS.find((name) => options[name] !== undefined);
  if (unfit !== undefined) throw new TypeError(`Undo ${activityType} must not have ${unfit}: an undo goes on until it succeeds or a person decides.`);
  return {
    activityType,
    taskQueue: options.taskQueue ?? compensationQueueOf(stepTaskQueue),
    startToCloseTimeoutMs: optionalMs(options.startToCloseTimeout, 'startToCloseTimeout'),
    heartbeatTimeoutMs: optionalMs(options.heartbeatTimeout, 'heartbeatTimeout'),
    retryPolicy: resolveRetry(options.retry, DEFAULT_UNDO_RETRY_POLICY),
  };
}

/** What a cache of {@link resolvedOnce} holds at most; beyond it the cache begins anew. */
const RESOLVED_MAX = 1_000;

/** Options as a proxy got them; what they come to is looked up once for each. They must not be changed. */
export class ProxyOptions {
  #json: string | undefined;

  /** @throws TypeError as {@link checkActivityOptions} does */
  constructor(readonly given: ActivityOptions) {
    checkActivityOptions(given);
  }

  /** The options as the author wrote them, as JSON. */
  get json(): string {
    return (this.#json ??= JSON.stringify(this.given));
  }
}

/**
 * Options as JSON, resolved once for all runs of a context: every run writes the same literals again. Keyed by what the author wrote.
 * What comes out depends on the key alone, so sharing it shows nothing of one run to another.
 */
function resolvedOnce<Resolved>(resolve: (text: { activityType: string; options: ActivityOptions; taskQueue: string }) => Resolved) {
  const cache = new Map<string, Resolved>();
  return (activityType: string, options: ProxyOptions, taskQueue: string): Resolved => {
    const key = `${activityType}\n${taskQueue}\n${options.json}`;
    let resolved = cache.get(key);
    if (resolved === undefined) {
      resolved = resolve({ activityType, options: options.given, taskQueue });
      if (cache.size >= RESOLVED_MAX) cache.clear();
      cache.set(key, resolved);
    }
    return resolved;
  };
}

/** What a step's options come to. Must not be changed. */
export interface ResolvedStep {
  cancellationType: ActivityCancellationType;
  /** As a command has them. */
  optionsJson: string;
}

/** What an undo's options come to. Must not be changed. */
export interface ResolvedUndo {
  activityType: string;
  /** Its registration, as the step's command has it. */
  registrationJson: string;
  /** The options of the undo's own command. */
  optionsJson: string;
}

/** {@link resolveActivityOptions}, as a command needs it. */
export const activityOptionsOnce = resolvedOnce(({ options, taskQueue }): ResolvedStep => {
  const resolved = resolveActivityOptions(options, taskQueue);
  return { cancellationType: resolved.cancellationType, optionsJson: recurringJson(JSON.stringify(resolved)) };
});

/** {@link resolveUndo}, as commands need it. */
export const undoOnce = resolvedOnce(({ activityType, options, taskQueue }): ResolvedUndo => {
  const registration = resolveUndo(activityType, options, taskQueue);
  const { activityType: _, ...own } = registration;
  const ownOptions: ScheduledActivityOptions = { ...own, cancellationType: 'WAIT_CANCELLATION_COMPLETED' };
  return {
    activityType,
    registrationJson: recurringJson(JSON.stringify(registration)),
    optionsJson: recurringJson(JSON.stringify(ownOptions)),
  };
});

function resolveRetry(retry: ActivityRetryPolicy | undefined, defaults: ResolvedRetryPolicy): ResolvedRetryPolicy {
  if (retry === undefined) return defaults;
  return resolveRetryPolicy(
    {
      initialIntervalMs: optionalMs(retry.initialInterval, 'retry.initialInterval'),
      backoffCoefficient: retry.backoffCoefficient,
      maximumIntervalMs: optionalMs(retry.maximumInterval, 'retry.maximumInterval'),
      maximumAttempts: retry.maximumAttempts === Infinity ? 0 : retry.maximumAttempts,
      nonRetryableErrorTypes: retry.nonRetryableErrorTypes,
      jitter: retry.jitter,
    },
    defaults,
  );
}

function optionalMs(duration: Duration | undefined, what: string): number | undefined {
  return duration === undefined ? undefined : durationToMs(duration, what);
}
