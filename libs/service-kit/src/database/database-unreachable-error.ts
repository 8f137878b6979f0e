/** The database that DATABASE_URL names did not answer in time. The cause tells the last try's error. */
export class DatabaseUnreachableError extends Error {
  readonly code = 'DATABASE_UNREACHABLE';

  constructor(
    readonly waitedMs: number,
    options?: ErrorOptions,
  ) {
    super(`The database of DATABASE_URL did not answer within ${waitedMs} ms.`, options);
    this.name = 'DatabaseUnreachableError';
  }
}
