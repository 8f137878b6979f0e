import type { QueueLogger } from '@backstitch/queues';

/** A logger that adds the same fields to each line. */
export function withFields(logger: QueueLogger, fields: object): QueueLogger {
  return {
    debug: (more, message) => logger.debug({ ...fields, ...more }, message),
    info: (more, message) => logger.info({ ...fields, ...more }, message),
    warn: (more, message) => logger.warn({ ...fields, ...more }, message),
    error: (more, message) => logger.error({ ...fields, ...more }, message),
  };
}
