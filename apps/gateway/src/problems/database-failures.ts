const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '55P03',
]);
const CONNECTION_MESSAGES = /connection terminated|query read timeout|query ?runner already released|timeout expired|timeout exceeded when trying to connect|not queryable|cannot execute operation on|connection is not established|client was closed/i;
/** Each has a digit: EPIPE is none. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** A call to the database took longer than the gateway lets a request wait. */
export class DatabaseDeadlineError extends Error {
  override readonly name = 'DatabaseDeadlineError';
  readonly code = 'DATABASE_DEADLINE';
  constructor(readonly deadlineMs: number) {
    super(`The database did not answer within ${deadlineMs} ms.`);
  }
}

/** Whether the database could not be reached, so that trying again later may help. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseDeadlineError) return true;
  const code = codeOf(error);
  if (code !== undefined && (CONNECTION_CODES.has(code) || code.startsWith('08'))) return true;
  // What Postgres itself has said may quote anything: there the code alone counts.
  if (code !== undefined && SQLSTATE.test(code)) return false;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable);
  return error instanceof Error && CONNECTION_MESSAGES.test(error.message);
}

/** Whether Postgres cancelled a statement that ran past its time limit. */
export function isStatementTimeout(error: unknown): boolean {
  return codeOf(error) === '57014';
}

function codeOf(error: unknown): string | undefined {
  const { code, driverError } = (error ?? {}) as { code?: unknown; driverError?: { code?: unknown } };
  const found = code ?? driverError?.code;
  return typeof found === 'string' ? found : undefined;
}
