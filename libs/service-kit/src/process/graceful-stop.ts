import type { Logger } from 'pino';
import type { ProcessPort } from './process-port.js';

/** Exit codes by signal: 128 and the signal's number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

export interface GracefulStopOptions {
  logger: Logger;
  /** Work that runs may take this long. */
  graceMs: number;
  /** Ends what runs; called once. */
  stop: (signal: string) => Promise<void>;
  target: ProcessPort;
}

/**
 * States: running → (first SIGTERM or SIGINT) stopping → exited.
 * Stopping ends with exit code 0 when `stop` resolves, 1 when it rejects or the grace is over, 130 or 143 at once on a second signal.
 *
 * @returns takes the handlers away
 */
export function installGracefulStop({ logger, graceMs, stop, target }: GracefulStopOptions): () => void {
  let stopping = false;
  const onSignal = (signal: keyof typeof SIGNALS) => {
    if (stopping) {
      logger.warn({ signal }, 'second signal: exiting at once');
      target.exit(SIGNALS[signal]);
      return;
    }
    stopping = true;
    logger.info({ signal, graceMs }, 'stopping');
    const deadline = setTimeout(() => {
      logger.error({ graceMs }, 'not stopped within SHUTDOWN_GRACE_MS: exiting');
      target.exit(1);
    }, graceMs);
    stop(signal).then(
      () => {
        clearTimeout(deadline);
        logger.info('stopped');
        target.exit(0);
      },
      (error: unknown) => {
        clearTimeout(deadline);
        logger.error({ err: error }, 'stopping failed');
        target.exit(1);
      },
    );
  };
  const listeners = (Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]).map((signal) => ({ signal, listener: () => onSignal(signal) }));
  for (const { signal, listener } of listeners) target.on(signal, listener);
  return () => {
    for (const { signal, listener } of listeners) target.off(signal, listener);
  };
}
