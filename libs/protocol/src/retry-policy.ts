/**
 * When and how often an activity is attempted again. Temporal's names, with units; `jitter` is ours.
 */
export interface RetryPolicy {
  /** Pause before the second attempt. Default 1,000. */
  initialIntervalMs?: number;
  /** Each pause is the one before times this. At least 1. Default 2. */
  backoffCoefficient?: number;
  /** No pause is longer. Default 100 times `initialIntervalMs`. */
  maximumIntervalMs?: number;
  /** Attempts in all, the first included. 0 means no limit. Default 0. */
  maximumAttempts?: number;
  /** `type`s of application failures after which no attempt is made. Default none. */
  nonRetryableErrorTypes?: string[];
  /** Each pause is lengthened or shortened by up to this share, at random. 0 to 1. Default 0.1. */
  jitter?: number;
}

/** A retry policy with nothing left out. */
export type ResolvedRetryPolicy = Required<RetryPolicy>;

/** What an activity gets that names no retry policy: for ever, 1 s doubling to 100 s (Temporal's default). */
export const DEFAULT_RETRY_POLICY: ResolvedRetryPolicy = {
  initialIntervalMs: 1_000,
  backoffCoefficient: 2,
  maximumIntervalMs: 100_000,
  maximumAttempts: 0,
  nonRetryableErrorTypes: [],
  jitter: 0.1,
};

/** What an undo gets that names no retry policy: for ever, exponential, capped at 1 minute. */
export const DEFAULT_UNDO_RETRY_POLICY: ResolvedRetryPolicy = {
  ...DEFAULT_RETRY_POLICY,
  maximumIntervalMs: 60_000,
};

/**
 * Fills in what a policy leaves out.
 * @param policy what the author wrote
 * @param defaults what holds where the author was silent; `maximumIntervalMs` then follows `initialIntervalMs` unless the author set neither
 */
export function resolveRetryPolicy(
  policy: RetryPolicy | undefined,
  defaults: ResolvedRetryPolicy = DEFAULT_RETRY_POLICY,
): ResolvedRetryPolicy {
  const initialIntervalMs = policy?.initialIntervalMs ?? defaults.initialIntervalMs;
  const scaledMaximum =
    policy?.initialIntervalMs === undefined || defaults !== DEFAULT_RETRY_POLICY
      ? defaults.maximumIntervalMs
      : policy.initialIntervalMs * 100;
  return {
    initialIntervalMs,
    backoffCoefficient: policy?.backoffCoefficient ?? defaults.backoffCoefficient,
    maximumIntervalMs: Math.max(policy?.maximumIntervalMs ?? scaledMaximum, policy?.maximumIntervalMs === undefined ? initialIntervalMs : 0),
    maximumAttempts: policy?.maximumAttempts ?? defaults.maximumAttempts,
    nonRetryableErrorTypes: policy?.nonRetryableErrorTypes ?? defaults.nonRetryableErrorTypes,
    jitter: policy?.jitter ?? defaults.jitter,
  };
}
