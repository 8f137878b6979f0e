import type { JsonValue } from '@backstitch/protocol';

/** The attempt was given up because its cancellation was requested. A handler that throws it ends the activity as canceled. */
export class CancelledFailure extends Error {
  override readonly name = 'CancelledFailure';
  constructor(
    message = 'The activity was cancelled.',
    readonly details: JsonValue[] = [],
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
