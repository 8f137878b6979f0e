import {
  compensationQueueOf,
  DEFAULT_RETRY_POLICY,
  DEFAULT_UNDO_RETRY_POLICY,
  resolveRetryPolicy,
  type ActivityCancellationType,
  type ResolvedRetryPolicy,
  type ScheduledActivityOptions,
  type ScheduledLocalActivityOptions,
  type UndoRegistration,
} from '@backstitch/protocol';
import { durationToMs, type Duration } from './duration.js';
import { recurringJson } from './recurring-json.js';
import type { EventGroupMarker, PayloadTypeInfo, Priority, VersioningIntent } from './type-info.js';

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
  /** The activity's id in its run. Default: its number. One that is open already must not have it. */
  activityId?: string;
  /** One line for people who look at the run. */
  summary?: string;
  /** Taken and ignored: attempts are dispatched after the commit, the soonest that is safe. */
  allowEagerDispatch?: boolean;
  /** Taken and ignored. */
  versioningIntent?: VersioningIntent;
  /** Taken and ignored: attempts are dispatched in order of scheduling. */
  priority?: Priority;
  /** Taken and ignored. */
  eventGroups?: EventGroupMarker[];
}

/** Type information by the names of activities. */
export type ActivityTypeInfoMap<Activities> = Partial<Record<Extract<keyof Activities, string>, PayloadTypeInfo>>;

/** What `proxyActivities` takes. */
export interface ActivityProxyOptions<Activities = unknown> extends ActivityOptions {
  /** Not supported: values are carried as plain JSON. @throws TypeError from proxyActivities, if given */
  activityTypeInfo?: ActivityTypeInfoMap<Activities>;
}

/** What `proxyLocalActivities` takes: the host's own process runs them. At least one of `startToCloseTimeout` and `scheduleToCloseTimeout` must be given. */
export interface LocalActivityOptions {
  retry?: ActivityRetryPolicy;
  /** One attempt may take this long. */
  startToCloseTimeout?: Duration;
  /** An attempt may wait this long to begin. */
  scheduleToStartTimeout?: Duration;
  /** All attempts together, with the pauses between them, may take this long. */
  scheduleToCloseTimeout?: Duration;
  /** A pause before the next attempt that is longer becomes a timer of the workflow. Default 1 minute. */
  localRetryThreshold?: Duration;
  /** Default `WAIT_CANCELLATION_COMPLETED`. */
  cancellationType?: ActivityCancellationType;
  /** One line for people who look at the run. */
  summary?: string;
  /** Taken and ignored. */
  eventGroups?: EventGroupMarker[];
}

/** What `proxyLocalActivities` takes. */
export interface LocalActivityProxyOptions<Activities = unknown> extends LocalActivityOptions {
  /** Not supported: values are carried as plain JSON. @throws TypeError from proxyLocalActivities, if given */
  activityTypeInfo?: ActivityTypeInfoMap<Activities>;
}

const CANCELLATION_TYPES: readonly ActivityCancellationType[] = ['WAIT_CANCELLATION_COMPLETED', 'TRY_CANCEL', 'ABANDON'];

/** What an undo cannot have: it goes on until it succeeds or a person decides. */
const NOT_FOR_UNDOS = ['scheduleToCloseTimeout', 'scheduleToStartTimeout'] as const;

/** @throws TypeError when no time limit bounds an attempt, or an option is out of range */
export function checkActivityOptions(options: ActivityProxyOptions): void {
  if (options === undefined) throw new TypeError('Activities need options, with startToCloseTimeout or scheduleToCloseTimeout.');
  if (options.activityTypeInfo !== undefined) throw new TypeError('activityTypeInfo is not supported: values are carried as plain JSON.');
  if (options.startToCloseTimeout === undefined && options.scheduleToCloseTimeout === undefined) {
    throw new TypeError('An activity needs startToCloseTimeout or scheduleToCloseTimeout: without one a lost attempt would never be noticed.');
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

/** Options as a proxy got them; what they come to is looked up once for each. */
export class ProxyOptions {
  #settled: ActivityOptions | undefined;
  #json: string | undefined;
  #withoutEnd: ProxyOptions | undefined;
  #withoutRefusal: ProxyOptions | undefined;

  /** @throws TypeError as {@link checkActivityOptions} does */
  constructor(readonly given: ActivityOptions) {
    checkActivityOptions(given);
  }

  /** The options as they are when this is first asked for. What the author changes in them later counts for nothing: what is shared between runs must not change. */
  get settled(): ActivityOptions {
    return (this.#settled ??= copyOf(this.given));
  }

  /** Lets go of its own copy for one that is the same: there are many suspended runs. */
  share(same: ActivityOptions): void {
    this.#settled = same;
  }

  /** The same without an end to retries: what must be done in the end. A failure that must not be retried still ends them. */
  get withoutEnd(): ProxyOptions {
    return (this.#withoutEnd ??= new ProxyOptions(endless(this.settled)));
  }

  /** {@link withoutEnd}, and no type of failure that must not be retried. */
  get withoutRefusal(): ProxyOptions {
    const { given } = this.withoutEnd;
    return (this.#withoutRefusal ??= new ProxyOptions({ ...given, retry: { ...given.retry, nonRetryableErrorTypes: [] } }));
  }

  /** {@link settled} as JSON. */
  get json(): string {
    return (this.#json ??= JSON.stringify(this.settled));
  }
}

/** A copy of all that counts, each member read once, also where a prototype has it. */
function copyOf({ taskQueue, startToCloseTimeout, scheduleToCloseTimeout, scheduleToStartTimeout, heartbeatTimeout, retry, cancellationType, activityId, summary }: ActivityOptions): ActivityOptions {
  return { taskQueue, startToCloseTimeout, scheduleToCloseTimeout, scheduleToStartTimeout, heartbeatTimeout, retry: retry && copyOfRetry(retry), cancellationType, activityId, summary };
}

function copyOfRetry({ initialInterval, backoffCoefficient, maximumInterval, maximumAttempts, nonRetryableErrorTypes: types, jitter }: ActivityRetryPolicy): ActivityRetryPolicy {
  return { initialInterval, backoffCoefficient, maximumInterval, maximumAttempts, nonRetryableErrorTypes: Array.isArray(types) ? [...types] : types, jitter };
}

/** Whether two copies that {@link copyOf} has made say the same. */
function areSame(left: ActivityOptions, right: ActivityOptions): boolean {
  return (
    left === right ||
    (left.startToCloseTimeout === right.startToCloseTimeout &&
      left.taskQueue === right.taskQueue &&
      left.scheduleToCloseTimeout === right.scheduleToCloseTimeout &&
      left.scheduleToStartTimeout === right.scheduleToStartTimeout &&
      left.heartbeatTimeout === right.heartbeatTimeout &&
      left.cancellationType === right.cancellationType &&
      left.activityId === right.activityId &&
      left.summary === right.summary &&
      areSameRetry(left.retry, right.retry))
  );
}

function areSameRetry(left: ActivityRetryPolicy | undefined, right: ActivityRetryPolicy | undefined): boolean {
  if (!left || !right) return left === right;
  return (
    left.initialInterval === right.initialInterval &&
    left.backoffCoefficient === right.backoffCoefficient &&
    left.maximumInterval === right.maximumInterval &&
    left.maximumAttempts === right.maximumAttempts &&
    left.jitter === right.jitter &&
    areSameTypes(left.nonRetryableErrorTypes, right.nonRetryableErrorTypes)
  );
}

function areSameTypes(left: readonly string[] | undefined, right: readonly string[] | undefined): boolean {
  return left === right || (Array.isArray(left) && Array.isArray(right) && left.length === right.length && left.every((type, index) => type === right[index]));
}

function endless({ scheduleToCloseTimeout, scheduleToStartTimeout: _, ...options }: ActivityOptions): ActivityOptions {
  return { ...options, startToCloseTimeout: options.startToCloseTimeout ?? scheduleToCloseTimeout, retry: { ...options.retry, maximumAttempts: Infinity } };
}

/**
 * Options as JSON, resolved once for all runs of a context: every run writes the same literals again. Keyed by what the author wrote.
 * What comes out depends on the key alone, so sharing it shows nothing of one run to another.
 */
function resolvedOnce<Resolved>(resolve: (text: { activityType: string; options: ActivityOptions; taskQueue: string }) => Resolved) {
  const cache = new Map<string, Resolved>();
  // To write options as JSON takes longer than all else here: most activities are called with the same ones always.
  const usual = new Map<string, { options: ActivityOptions; taskQueue: string; resolved: Resolved }>();
  return (activityType: string, given: ProxyOptions, taskQueue: string): Resolved => {
    const options = given.settled;
    const known = usual.get(activityType);
    if (known !== undefined && known.taskQueue === taskQueue && areSame(options, known.options)) {
      given.share(known.options);
      return known.resolved;
    }
    const key = `${activityType}\n${taskQueue}\n${given.json}`;
    let resolved = cache.get(key);
    if (resolved === undefined) {
      resolved = resolve({ activityType, options, taskQueue });
      if (cache.size >= RESOLVED_MAX) {
        cache.clear();
        usual.clear();
      }
      cache.set(key, resolved);
      if (known === undefined) usual.set(activityType, { options, taskQueue, resolved });
    }
    return resolved;
  };
}

/** What an activity and its options come to. Must not be changed. */
export interface ResolvedStep {
  /** Its name, as a command has it. */
  nameJson: string;
  cancellationType: ActivityCancellationType;
  /** The author's own, if there is one. */
  activityId: string | undefined;
  /** As a command has them. */
  optionsJson: string;
  /** Further members of the command, each with a comma before it. */
  extrasJson: string;
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
export const activityOptionsOnce = resolvedOnce(({ activityType, options, taskQueue }): ResolvedStep => {
  const resolved = resolveActivityOptions(options, taskQueue);
  const { activityId, summary } = options;
  const extrasJson = `${activityId === undefined ? '' : `,"activityId":${JSON.stringify(activityId)}`}${summary === undefined ? '' : `,"summary":${JSON.stringify(summary)}`}`;
  return { nameJson: JSON.stringify(activityType), cancellationType: resolved.cancellationType, activityId, optionsJson: recurringJson(JSON.stringify(resolved)), extrasJson };
});

/** The options of a local activity as a command has them. @throws TypeError as {@link checkActivityOptions} does */
export function resolveLocalActivityOptions(options: LocalActivityProxyOptions): { cancellationType: ActivityCancellationType; optionsJson: string } {
  checkActivityOptions(options);
  const resolved: ScheduledLocalActivityOptions = {
    startToCloseTimeoutMs: optionalMs(options.startToCloseTimeout, 'startToCloseTimeout'),
    scheduleToStartTimeoutMs: optionalMs(options.scheduleToStartTimeout, 'scheduleToStartTimeout'),
    scheduleToCloseTimeoutMs: optionalMs(options.scheduleToCloseTimeout, 'scheduleToCloseTimeout'),
    localRetryThresholdMs: optionalMs(options.localRetryThreshold, 'localRetryThreshold'),
    retryPolicy: resolveRetry(options.retry, DEFAULT_RETRY_POLICY),
    cancellationType: options.cancellationType ?? 'WAIT_CANCELLATION_COMPLETED',
  };
  return { cancellationType: resolved.cancellationType, optionsJson: JSON.stringify(resolved) };
}

/** Options of one call over those of its proxy: what the call names counts, down to single members of `retry`. */
export function mergeActivityOptions<Options extends { retry?: ActivityRetryPolicy }>(options: Options, override: Partial<Options>): Options {
  const named = Object.fromEntries(Object.entries(override).filter(([, value]) => value !== undefined)) as Partial<Options>;
  const retry = named.retry === undefined || options.retry === undefined ? (named.retry ?? options.retry) : { ...options.retry, ...named.retry };
  return { ...options, ...named, ...(retry === undefined ? {} : { retry }) };
}

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

/** A retry policy as it is recorded. @throws TypeError for a duration that is none */
export function resolveRetry(retry: ActivityRetryPolicy | undefined, defaults: ResolvedRetryPolicy): ResolvedRetryPolicy {
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

/** A duration in milliseconds, where one is given. */
export function optionalMs(duration: Duration | null | undefined, what: string): number | undefined {
  return duration == null ? undefined : durationToMs(duration, what);
}
