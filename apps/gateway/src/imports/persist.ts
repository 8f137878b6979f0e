import { OverloadedError } from '@backstitch/protocol';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { toProblem } from '../problems/to-problem.js';

const PAUSE_MAX_MS = 5_000;
const OVERLOAD_PAUSE_MIN_MS = 100;
const OVERLOAD_PAUSE_MAX_MS = 30_000;

/**
 * Calls again, for as long as it takes, what fails because the orchestrator or a database is away or has too much to do.
 * @throws the signal's reason when it fires; every other error at once
 */
export async function persist<T>(call: () => Promise<T>, signal: AbortSignal, logger: Logger): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await abandonOn(signal, call());
    } catch (error) {
      signal.throwIfAborted();
      const problem = toProblem(error);
      const isOverload = problem.type === 'overloaded';
      if (!isOverload && problem.status !== 503) throw error;
      // Whoever has too much to do says when to come again.
      const pauseMs = error instanceof OverloadedError ? Math.min(OVERLOAD_PAUSE_MAX_MS, Math.max(OVERLOAD_PAUSE_MIN_MS, error.retryAfterMs)) : Math.min(PAUSE_MAX_MS, 100 * 2 ** attempt);
      if (!isOverload) logger.warn({ err: error, attempt, pauseMs }, 'import waits');
      await pause(pauseMs, undefined, { signal });
    }
  }
}

/** Waits no longer once the signal has fired; what was called ends by itself. */
async function abandonOn<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
