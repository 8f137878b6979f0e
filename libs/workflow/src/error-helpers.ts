/** Whether a value has members to look at. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Whether a value is an error, or looks like one. */
export function isError(value: unknown): value is Error {
  return isRecord(value) && typeof value.name === 'string' && typeof value.message === 'string' && (value.stack == null || typeof value.stack === 'string');
}

/** Whether something was aborted by an AbortSignal. */
export function isAbortError(value: unknown): value is Error & { name: 'AbortError' } {
  return isError(value) && value.name === 'AbortError';
}

/** An error's message, or the text that was thrown. */
export function errorMessage(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  return isError(error) ? error.message : undefined;
}

/** An error's code, if it is text. */
export function errorCode(error: unknown): string | undefined {
  return isRecord(error) && typeof error.code === 'string' ? error.code : undefined;
}
