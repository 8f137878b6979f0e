import type { Failure } from '@backstitch/protocol';

/** Makes the queue's job a failed one, with the failure's message and the stacks of its causes. The outcome has been sent. */
export class AttemptFailedError extends Error {
  override readonly name = 'AttemptFailedError';
  readonly code = 'ATTEMPT_FAILED';
  constructor(readonly failure: Failure) {
    super(failure.message);
    this.stack = stackOf(failure);
  }
}

/** What lies on the queue is no job that this version understands. */
export class InvalidEnvelopeError extends Error {
  override readonly name = 'InvalidEnvelopeError';
  readonly code = 'INVALID_ENVELOPE';
  constructor(
    readonly queueName: string,
    readonly jobId: string,
    readonly violations: string,
  ) {
    super(`Job ${jobId} on queue "${queueName}" is no activity job: ${violations}`);
  }
}

function stackOf(failure: Failure): string {
  const own = failure.stackTrace ?? failure.message;
  return failure.cause === undefined ? own : `${own}\nCaused by: ${stackOf(failure.cause)}`;
}
