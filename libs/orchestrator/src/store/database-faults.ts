const NETWORK_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** SQLSTATEs that say: this server cannot serve now. Classes first, then single states. */
const UNAVAILABLE_CLASSES = ['08', '53', '58'];
const UNAVAILABLE_STATES = new Set([
  '25006', // read-only: a standby
  '25P03', // idle in transaction
  '55P03', // lock not available in time
  '57014', // statement time-out
  '57P01', // shut down by the administrator
  '57P02', // crash of another backend
  '57P03', // starting up
  '57P05', // idle session
]);

/** Each has a digit: EPIPE is none. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;
/** pg reports these without a code. */
const UNAVAILABLE_MESSAGES = ['Connection terminated', 'Query read timeout', 'timeout expired', 'timeout exceeded', 'Client has encountered a connection error', 'not queryable', 'Driver not Connected'];

/** Whether an error of pg says that the database cannot be reached, or does not answer. */
export function isConnectionFault(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined && (NETWORK_CODES.has(code) || UNAVAILABLE_STATES.has(code) || (code.length === 5 && UNAVAILABLE_CLASSES.includes(code.slice(0, 2))))) {
    return true;
  }
  // What Postgres itself has said may quote anything: there the code alone counts.
  return !(code !== undefined && SQLSTATE.test(code)) && error instanceof Error && UNAVAILABLE_MESSAGES.some((message) => error.message.includes(message));
}

/** Whether a transaction lost against another one and may be tried again as it was: deadlock, serialisation failure. */
export function isTransactionConflict(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40P01' || code === '40001';
}

/** Whether the data itself was refused: it will be refused again. */
export function isDataFault(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && code.length === 5 && (code.startsWith('22') || code.startsWith('23') || code === '54000');
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
