import type { Logger } from 'pino';
import type { ProcessPort } from './process-port.js';

/**
 * What asks a process to stop, with the exit code if it asks twice: 128 and the signal's number. `disconnect` comes when the process was started
 * with an IPC channel and whoever started it is gone: a service must not outlive its supervisor.
 */
const REQUESTS = { SIGINT: 130, SIGTERM: 143, disconnect: 1 } as const;

export interface GracefulStopOptions {
  logger: Logger;
  /** Work that runs may take this long. */
  graceMs: number;
  /** Ends what runs; called once. */
  stop: (signal: string) => Promise<void>;
  target: ProcessPort;
}

/**
 * States: running → (first SIGTERM, SIGINT or disconnect) stopping → exited.
 * Stopping ends with exit code 0 when `stop` resolves, 1 when it rejects or the grace is over, 130 or 143 at once on a second signal.
 *
 * @returns takes the handlers away
 */
export function installGracefulStop({ logger, graceMs, stop, target }: GracefulStopOptions): () => void {
  let stopping = false;
  const onSignal = (signal: keyof typeof REQUESTS) => {
    if (stopping) {
      logger.warn({ signal }, 'second signal: exiting at once');
      target.exit(REQUESTS[signal]);
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
  const listeners = (Object.keys(REQUESTS) as (keyof typeof REQUESTS)[]).map((signal) => ({ signal, listener: () => onSignal(signal) }));
  for (const { signal, listener } of listeners) target.on(signal, listener);
  return () => {
    for (const { signal, listener } of listeners) target.off(signal, listener);
  };
}
