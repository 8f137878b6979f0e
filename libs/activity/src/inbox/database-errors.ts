import { QueryFailedError } from 'typeorm';
import { ApplicationFailure, applicationFailure } from '../errors/application-failure.js';
import { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';

const DEADLOCK_DETECTED = '40P01';
const SERIALIZATION_FAILURE = '40001';
const LOCK_NOT_AVAILABLE = '55P03';
const CONNECTION_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', '57P01', '57P02', '57P03', '53300']);
const CONNECTION_MESSAGES = /Connection terminated|Client was closed|timeout expired|timeout exceeded when trying to connect|server closed the connection/i;

/** The SQLSTATE or system error code of what a query threw. */
export function errorCodeOf(error: unknown): string | undefined {
  const source: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (typeof source !== 'object' || source === null || !('code' in source)) return undefined;
  return typeof source.code === 'string' ? source.code : undefined;
}

/** Another delivery of the step, or its undo, has put the key while this one was running: nothing of this one was committed. */
export class KeyTakenError extends Error {
  override readonly name = 'KeyTakenError';
  readonly code = 'KEY_TAKEN';
  constructor(
    readonly key: string,
    options?: { cause?: unknown },
  ) {
    super(`Key ${key} was put by another attempt meanwhile.`, options);
  }
}

/** The transaction lost against another one and can simply be run again. */
export function isTransactionConflict(error: unknown): boolean {
  if (error instanceof KeyTakenError) return true;
  const code = errorCodeOf(error);
  return code === DEADLOCK_DETECTED || code === SERIALIZATION_FAILURE;
}

export function isLockTimeout(error: unknown): boolean {
  return errorCodeOf(error) === LOCK_NOT_AVAILABLE;
}

/** Each has a digit: EPIPE is none. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;
const CONNECTION_CLASSES = /^(?:08|57P)/;

/** Postgres refused the statement, and the connection lives on: nothing of its transaction was done. */
export function isStatementError(error: unknown): boolean {
  const code = errorCodeOf(error);
  return code !== undefined && SQLSTATE.test(code) && !CONNECTION_CLASSES.test(code);
}

/** The connection to the database broke under a query. */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const code = errorCodeOf(error);
  if (code !== undefined && (CONNECTION_CODES.has(code) || code.startsWith('08'))) return true;
  // What Postgres itself has said may quote anything: there the code alone counts.
  return !isStatementError(error) && CONNECTION_MESSAGES.test(error.message);
}

/** Retryable: nothing of this attempt was committed, or a second delivery will find what was. */
export function serviceUnavailable(cause: unknown): ApplicationFailure {
  return applicationFailure({ message: "The service's database cannot be reached.", type: ACTIVITY_FAILURE_TYPE.serviceUnavailable, cause });
}
