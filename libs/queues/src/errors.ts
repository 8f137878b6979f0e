/** The queue backend cannot be reached, or did not answer in time. What was asked may still have happened. */
export class QueueUnavailableError extends Error {
  override readonly name = 'QueueUnavailableError';
  readonly code = 'QUEUE_UNAVAILABLE';
  constructor(
    readonly queueName: string,
    options?: { cause?: unknown },
  ) {
    super(`Queue "${queueName}" cannot be reached.`, options);
  }
}

/** BullMqClient carries events only: a queue has no answer to wait for. */
export class RequestResponseUnsupportedError extends Error {
  override readonly name = 'RequestResponseUnsupportedError';
  readonly code = 'REQUEST_RESPONSE_UNSUPPORTED';
  constructor() {
    super('A BullMQ queue carries events only: use emit(), not send().');
  }
}

/** The object was closed and takes no more calls. */
export class QueuesClosedError extends Error {
  override readonly name = 'QueuesClosedError';
  readonly code = 'QUEUES_CLOSED';
  constructor() {
    super('The queues are closed.');
  }
}
