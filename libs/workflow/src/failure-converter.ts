import type { Failure } from '@backstitch/protocol';
import { errorToFailure, failureToError, type TemporalFailure } from '@backstitch/protocol/failures';

/** Turns errors into what histories and queues carry, and back. */
export interface FailureConverter {
  errorToFailure(error: unknown): Failure;
  failureToError(failure: Failure): TemporalFailure;
}

/** The one that Backstitch uses; it cannot be exchanged. Payload converters that Temporal passes along are ignored. */
export const defaultFailureConverter: FailureConverter = { errorToFailure: (error) => errorToFailure(error), failureToError: (failure) => failureToError(failure) };
