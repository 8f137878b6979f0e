import type { Logger } from 'pino';
import type { ProcessPort } from './process-port.js';

/**
 * An error that nobody caught leaves the process in a state that nobody thought of: it is logged and the process exits with 1, to be started
 * again. What was under way is found again by recovery (law L1).
 *
 * @returns takes the handlers away
 */
export function installFatalHandlers(logger: Logger, target: ProcessPort): () => void {
  const onException = (error: unknown) => {
    logger.fatal({ err: asError(error) }, 'uncaught exception');
    target.exit(1);
  };
  const onRejection = (reason: unknown) => {
    logger.fatal({ err: asError(reason) }, 'unhandled rejection');
    target.exit(1);
  };
  target.on('uncaughtException', onException);
  target.on('unhandledRejection', onRejection);
  return () => {
    target.off('uncaughtException', onException);
    target.off('unhandledRejection', onRejection);
  };
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(`thrown: ${String(value)}`);
}
