import type { ApplicationFailureCategory as CategoryName, Failure, RetryState, TimeoutType } from '../failure.js';
import { durationToMs, type Duration } from './duration.js';

/**
 * Base of the errors that mean a failure of the workflow. Thrown from a workflow function, one of these fails the workflow;
 * any other error fails the workflow task, which can be mended by new code. One definition for all packages, so that `instanceof` holds everywhere.
 */
export class TemporalFailure extends Error {
  override readonly name: string = 'TemporalFailure';
  /** What it was made from, if it came from outside of the workflow. */
  failure?: Failure;

  constructor(message?: string | null, override readonly cause?: Error) {
    super(message ?? undefined);
  }
}

/** `BENIGN`: expected, not worth an alarm. Temporal's name. */
export const ApplicationFailureCategory = { BENIGN: 'BENIGN' } as const satisfies Record<CategoryName, CategoryName>;
export type ApplicationFailureCategory = CategoryName;

/** What `ApplicationFailure.create` takes. */
export interface ApplicationFailureOptions {
  message?: string;
  /** Retry policies name it in `nonRetryableErrorTypes`. Default: the class name of `cause`. */
  type?: string;
  /** Default false. */
  nonRetryable?: boolean;
  details?: unknown[];
  /** Pause before the next attempt, in place of the retry policy's. */
  nextRetryDelay?: Duration;
  cause?: Error;
  category?: ApplicationFailureCategory;
}

/** A failure that the application raises: business refusals, and whatever an activity threw. */
export class ApplicationFailure extends TemporalFailure {
  override readonly name: string = 'ApplicationFailure';

  constructor(
    message?: string | null,
    readonly type?: string | null,
    readonly nonRetryable?: boolean | null,
    readonly details?: unknown[] | null,
    cause?: Error,
    readonly nextRetryDelay?: Duration | null,
    readonly category?: ApplicationFailureCategory | null,
  ) {
    super(message, cause);
    if (nextRetryDelay != null) durationToMs(nextRetryDelay, 'nextRetryDelay');
  }

  static create(options: ApplicationFailureOptions = {}): ApplicationFailure {
    const { message, type, nonRetryable = false, details, nextRetryDelay, cause, category } = options;
    return new this(message, type ?? cause?.name, nonRetryable, details, cause, nextRetryDelay, category);
  }

  /** Makes one from any error; an ApplicationFailure stays itself. What `overrides` names takes the place of what the error says. */
  static fromError(error: unknown, overrides?: ApplicationFailureOptions): ApplicationFailure {
    return Object.assign(ensureApplicationFailure(error), overrides);
  }

  /** May be retried, if the policy says so. */
  static retryable(message?: string | null, type?: string | null, ...details: unknown[]): ApplicationFailure {
    return new this(message, type ?? 'Error', false, details);
  }

  /** Ends the attempts. */
  static nonRetryable(message?: string | null, type?: string | null, ...details: unknown[]): ApplicationFailure {
    return new this(message, type ?? 'Error', true, details);
  }
}

/** An activity failed for good; `cause` says why. */
export class ActivityFailure extends TemporalFailure {
  override readonly name: string = 'ActivityFailure';

  constructor(
    message: string | undefined,
    readonly activityType: string,
    readonly activityId: string | undefined,
    readonly retryState: RetryState,
    readonly identity?: string,
    cause?: Error,
    /** 0 where the engine has not told. */
    readonly scheduledEventId: number = 0,
  ) {
    super(message, cause);
  }
}

/** A child workflow did not complete; `cause` says why. */
export class ChildWorkflowFailure extends TemporalFailure {
  override readonly name: string = 'ChildWorkflowFailure';

  constructor(
    readonly namespace: string | undefined,
    readonly execution: { workflowId?: string | null; runId?: string | null },
    readonly workflowType: string,
    readonly retryState: RetryState,
    cause?: Error,
  ) {
    super('Child Workflow execution failed', cause);
  }
}

/** The scope that this call was made in was cancelled, or the activity was. */
export class CancelledFailure extends TemporalFailure {
  override readonly name: string = 'CancelledFailure';

  constructor(
    message?: string,
    readonly details: unknown[] = [],
    cause?: Error,
  ) {
    super(message, cause);
  }
}

/** One of an activity's or a workflow's time limits passed. */
export class TimeoutFailure extends TemporalFailure {
  override readonly name: string = 'TimeoutFailure';

  constructor(
    message: string | undefined,
    readonly lastHeartbeatDetails: unknown,
    readonly timeoutType: TimeoutType,
    cause?: Error,
  ) {
    super(message, cause);
  }
}

/** The other side was terminated. */
export class TerminatedFailure extends TemporalFailure {
  override readonly name: string = 'TerminatedFailure';
}

/** The server, not the application, failed. */
export class ServerFailure extends TemporalFailure {
  override readonly name: string = 'ServerFailure';

  constructor(
    message: string | undefined,
    readonly nonRetryable: boolean,
    cause?: Error,
  ) {
    super(message, cause);
  }
}

/** A child could not be started: its workflow id is taken. */
export class WorkflowExecutionAlreadyStartedError extends TemporalFailure {
  override readonly name: string = 'WorkflowExecutionAlreadyStartedError';

  constructor(
    message: string,
    readonly workflowId: string,
    readonly workflowType: string,
  ) {
    super(message);
  }
}

/** Whether an error says that something was cancelled: a CancelledFailure, or the failure of an activity or a child caused by one. */
export function isCancellation(error: unknown): boolean {
  return (
    error instanceof CancelledFailure ||
    ((error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && error.cause instanceof CancelledFailure)
  );
}

/** Anything thrown as an ApplicationFailure of its class' name; one that is an ApplicationFailure stays itself. */
export function ensureApplicationFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (!(error instanceof Error)) return new ApplicationFailure(String(error), undefined, false);
  const failure = new ApplicationFailure(error.message, typeNameOf(error), false, undefined, error.cause instanceof Error ? error.cause : undefined);
  failure.stack = error.stack;
  return failure;
}

/** Anything thrown as a failure; one that is a failure stays itself. */
export function ensureTemporalFailure(error: unknown): TemporalFailure {
  return error instanceof TemporalFailure ? error : ensureApplicationFailure(error);
}

/** The message at the bottom of a failure's chain of causes. */
export function rootCause(error: unknown): string | undefined {
  let at: unknown = error;
  while (at instanceof TemporalFailure && at.cause !== undefined) at = at.cause;
  if (at instanceof Error) return at.message;
  return typeof at === 'string' ? at : undefined;
}

/** The class of an error, or the name that it was given where its class says nothing. */
export function typeNameOf(error: Error): string {
  const className = (error.constructor as { name?: string } | undefined)?.name;
  return className === undefined || className === '' || className === 'Error' ? error.name : className;
}
