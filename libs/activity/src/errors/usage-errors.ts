/** Context.current() was called outside of an activity. */
export class NoActivityContextError extends Error {
  override readonly name = 'NoActivityContextError';
  readonly code = 'NO_ACTIVITY_CONTEXT';
  constructor() {
    super('There is no activity here: Context.current() works only in what an activity handler calls and awaits.');
  }
}

/** `manager` in an activity that is not transactional, or `transaction()` in one that is not external. */
export class WrongActivityModeError extends Error {
  override readonly name = 'WrongActivityModeError';
  readonly code = 'WRONG_ACTIVITY_MODE';
  constructor(member: string, mode: string) {
    super(`Context.${member} is not there in an activity of mode "${mode}".`);
  }
}

/** The attempt has ended (it timed out, or its result is stored): what comes late has no effect. */
export class AttemptEndedError extends Error {
  override readonly name = 'AttemptEndedError';
  readonly code = 'ATTEMPT_ENDED';
  constructor() {
    super('This attempt has ended.');
  }
}

/** Two handlers of one activity type on one queue, or a class without @Activities. */
export class ActivityDeclarationError extends Error {
  override readonly name = 'ActivityDeclarationError';
  readonly code = 'ACTIVITY_DECLARATION';
}

/** A task token was asked for, and the service was not told the secret that makes one: option `taskTokenSecret`. */
export class TaskTokenUnavailableError extends Error {
  override readonly name = 'TaskTokenUnavailableError';
  readonly code = 'TASK_TOKEN_UNAVAILABLE';
  constructor() {
    super('This service makes no task tokens: give it the option taskTokenSecret, the same as the orchestrator has.');
  }
}

/** A client was asked for, and the service was given none: option `client`. */
export class ClientUnavailableError extends Error {
  override readonly name = 'ClientUnavailableError';
  readonly code = 'CLIENT_UNAVAILABLE';
  constructor() {
    super('This service gives its activities no client: give it the option client.');
  }
}
