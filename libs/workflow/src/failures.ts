import type { Failure, JsonValue, RetryState, TimeoutType } from '@backstitch/protocol';

/**
 * Base of the errors that mean a failure of the workflow. Thrown from a workflow function, one of these fails the workflow;
 * any other error fails the workflow task, which can be mended by new code.
 */
export class TemporalFailure extends Error {
  override readonly name: string = 'TemporalFailure';
  /** What it was made from, if it came from outside of the workflow. */
  failure?: Failure;

  constructor(message?: string, override readonly cause?: Error) {
    super(message);
  }
}

/** What `ApplicationFailure.create` takes. */
export interface ApplicationFailureOptions {
  message?: string;
  /** Retry policies name it in `nonRetryableErrorTypes`. Default: the class name of `cause`, else `Error`. */
  type?: string;
  /** Default false. */
  nonRetryable?: boolean;
  details?: unknown[];
  /** Pause before the next attempt, in milliseconds, in place of the retry policy's. */
  nextRetryDelayMs?: number;
  cause?: Error;
}

/** A failure that the application raises: business refusals, and whatever an activity threw. */
export class ApplicationFailure extends TemporalFailure {
  override readonly name = 'ApplicationFailure';

  constructor(
    message?: string,
    readonly type?: string,
    readonly nonRetryable: boolean = false,
    readonly details?: unknown[],
    cause?: Error,
    readonly nextRetryDelayMs?: number,
  ) {
    super(message, cause);
  }

  static create(options: ApplicationFailureOptions = {}): ApplicationFailure {
    return new ApplicationFailure(
      options.message,
      options.type ?? options.cause?.name,
      options.nonRetryable ?? false,
      options.details,
      options.cause,
      options.nextRetryDelayMs,
    );
  }

  /** May be retried, if the policy says so. */
  static retryable(message?: string, type?: string, ...details: unknown[]): ApplicationFailure {
    return new ApplicationFailure(message, type ?? 'Error', false, details);
  }

  /** Ends the attempts. */
  static nonRetryable(message?: string, type?: string, ...details: unknown[]): ApplicationFailure {
    return new ApplicationFailure(message, type ?? 'Error', true, details);
  }
}

/** An activity failed for good; `cause` says why. */
export class ActivityFailure extends TemporalFailure {
  override readonly name = 'ActivityFailure';

  constructor(
    message: string | undefined,
    readonly activityType: string,
    readonly activityId: string,
    readonly retryState: RetryState,
    readonly identity?: string,
    cause?: Error,
    /** 0 where the engine has not told. */
    readonly scheduledEventId: number = 0,
  ) {
    super(message, cause);
  }
}

/** The scope that this call was made in was cancelled, or the activity was. */
export class CancelledFailure extends TemporalFailure {
  override readonly name = 'CancelledFailure';

  constructor(
    message?: string,
    readonly details: unknown[] = [],
    cause?: Error,
  ) {
    super(message, cause);
  }
}

/** One of an activity's time limits passed. */
export class TimeoutFailure extends TemporalFailure {
  override readonly name = 'TimeoutFailure';

  constructor(
    message: string | undefined,
    readonly lastHeartbeatDetails: JsonValue | undefined,
    readonly timeoutType: TimeoutType,
    cause?: Error,
  ) {
    super(message, cause);
  }
}

/** The other side was terminated. */
export class TerminatedFailure extends TemporalFailure {
  override readonly name = 'TerminatedFailure';
}

/** The server, not the application, failed. */
export class ServerFailure extends TemporalFailure {
  override readonly name = 'ServerFailure';

  constructor(
    message: string | undefined,
    readonly nonRetryable: boolean,
    cause?: Error,
  ) {
    super(message, cause);
  }
}

/** Whether an error says that something was cancelled: a CancelledFailure, or an ActivityFailure caused by one. */
export function isCancellation(error: unknown): boolean {
  return error instanceof CancelledFailure || (error instanceof ActivityFailure && error.cause instanceof CancelledFailure);
}
