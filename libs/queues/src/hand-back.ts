/**
 * What a handler rejects with that did not finish, and is not to fail: the job goes back to its queue at once, for another worker, as if this one had died - but
 * without the wait until somebody finds that out. For a worker that stops.
 */
export class HandBackError extends Error {
  override readonly name = 'HandBackError';
  readonly code = 'HAND_BACK';
  constructor(reason: string, options?: { cause?: unknown }) {
    super(`The job was handed back: ${reason}.`, options);
  }
}
