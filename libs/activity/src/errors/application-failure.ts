import type { JsonValue } from '@backstitch/protocol';

export interface ApplicationFailureOptions {
  message?: string;
  /** Names the kind of failure; retry policies list it in `nonRetryableErrorTypes`. */
  type?: string;
  /** True: no further attempt is made. Default false. */
  nonRetryable?: boolean;
  /** For the workflow to look at. */
  details?: JsonValue[];
  /** Milliseconds until the next attempt, instead of what the retry policy says. */
  nextRetryDelay?: number;
  cause?: unknown;
}

/** A failure that a handler throws on purpose. Temporal's name and meaning. Any other error is a retryable failure of the type of its class. */
export class ApplicationFailure extends Error {
  override readonly name = 'ApplicationFailure';
  readonly type: string | undefined;
  readonly nonRetryable: boolean;
  readonly details: JsonValue[] | undefined;
  readonly nextRetryDelay: number | undefined;

  constructor(options: ApplicationFailureOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.type = options.type;
    this.nonRetryable = options.nonRetryable ?? false;
    this.details = options.details;
    this.nextRetryDelay = options.nextRetryDelay;
  }

  static create(options: ApplicationFailureOptions): ApplicationFailure {
    return new ApplicationFailure(options);
  }

  /** Ends the activity: no further attempt. For business refusals. */
  static nonRetryable(message?: string, type?: string, ...details: JsonValue[]): ApplicationFailure {
    return new ApplicationFailure({ message, type, nonRetryable: true, details });
  }

  /** As any other error, with a type and details. */
  static retryable(message?: string, type?: string, ...details: JsonValue[]): ApplicationFailure {
    return new ApplicationFailure({ message, type, nonRetryable: false, details });
  }
}
