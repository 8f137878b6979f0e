import { ApplicationFailure, applicationFailure } from '../errors/application-failure.js';
import { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';

/** The refusal of law L4. */
export function stepUndone(key: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`Step ${key} has been undone and can have no effect any more.`, ACTIVITY_FAILURE_TYPE.stepUndone);
}

export function idempotencyKeyReused(key: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`Key ${key} was used before with another input.`, ACTIVITY_FAILURE_TYPE.idempotencyKeyReused);
}

export function effectAlreadyHappened(key: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`The input cannot be edited: its effect has happened under key ${key}.`, ACTIVITY_FAILURE_TYPE.effectAlreadyHappened);
}

/** Retryable; no attempt was made. */
export function stepStillRunning(lockWaitMs: number, cause?: unknown): ApplicationFailure {
  return applicationFailure({
    message: `The step did not come free within ${lockWaitMs} ms: another delivery is running.`,
    type: ACTIVITY_FAILURE_TYPE.stepStillRunning,
    cause,
  });
}
