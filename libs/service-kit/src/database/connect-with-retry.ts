import type { Logger } from 'pino';
import { DatabaseUnreachableError } from './database-unreachable-error.js';

export interface ConnectRetryOptions {
  logger: Logger;
  /** Gives up after this long. Default 30,000. */
  totalMs?: number;
  /** Pause between tries. Default 500. */
  pauseMs?: number;
}

/** Error codes of a server that is not there yet, or is starting or stopping. Anything else (a wrong password, no such database) is final. */
const TRANSIENT_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE', '57P03', '57P01', '57P02', '53300']);

/**
 * Calls `connect` until it succeeds, so that services may start before their database.
 *
 * @throws {DatabaseUnreachableError} when the time is up; anything that waiting cannot mend is thrown as it is, at once
 */
export async function connectWithRetry<T>(connect: () => Promise<T>, { logger, totalMs = 30_000, pauseMs = 500 }: ConnectRetryOptions): Promise<T> {
  const deadline = performance.now() + totalMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect();
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (performance.now() + pauseMs >= deadline) throw new DatabaseUnreachableError(totalMs, { cause: error });
      logger.warn({ err: error, attempt }, 'the database is not there yet');
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function isTransient(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return (code !== undefined && TRANSIENT_CODES.has(code)) || /connection terminated|timeout expired|timeout exceeded when trying to connect/i.test(message ?? '');
}
