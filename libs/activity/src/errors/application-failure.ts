import { ApplicationFailure, type ApplicationFailureOptions } from '@backstitch/protocol/failures';

export { ApplicationFailure, ApplicationFailureCategory, CancelledFailure, TimeoutFailure, type ApplicationFailureOptions } from '@backstitch/protocol/failures';

/** A failure of this library's own, caused by whatever was thrown. */
export function applicationFailure({ cause, ...options }: Omit<ApplicationFailureOptions, 'cause'> & { cause?: unknown }): ApplicationFailure {
  return ApplicationFailure.create({ ...options, ...(cause === undefined ? {} : { cause: cause instanceof Error ? cause : new Error(String(cause)) }) });
}
