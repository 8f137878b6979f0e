/** The part of a pino logger that Backstitch's libraries use. */
export interface QueueLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says nothing. */
export const silentLogger: QueueLogger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A backend that is down says so many times a second; one line a second is enough to know. */
const REPEATED_ERROR_INTERVAL_MS = 1_000;

/** Logs errors of one source, at most one a second; says how many were left out. */
export function throttledErrorLog(logger: QueueLogger, fields: object, message: string): (error: unknown) => void {
  let lastLoggedAtMs = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  return (error) => {
    const nowMs = Date.now();
    if (nowMs - lastLoggedAtMs < REPEATED_ERROR_INTERVAL_MS) {
      suppressed += 1;
      return;
    }
    logger.warn({ ...fields, err: error, ...(suppressed > 0 ? { suppressed } : {}) }, message);
    lastLoggedAtMs = nowMs;
    suppressed = 0;
  };
}
