/**
 * Thrown by a handler that has returned although its activity goes on: the result comes later, by task token or by ids (a webhook, a person). The attempt stays open,
 * under its time-outs; the worker is free. For activities of mode external. Temporal's name and meaning.
 */
export class CompleteAsyncError extends Error {
  override readonly name = 'CompleteAsyncError';
  readonly code = 'COMPLETE_ASYNC';
  constructor(message = 'The activity is completed from outside.') {
    super(message);
  }
}
