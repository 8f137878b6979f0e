import type { QueueLogger } from '@backstitch/queues';

/** A logger that adds the same fields to each line. They are put together when a line is written: most attempts write none. */
export function withFields(logger: QueueLogger, fields: () => object): QueueLogger {
  return new FieldLogger(logger, fields);
}

class FieldLogger implements QueueLogger {
  private all: object | undefined;

  constructor(
    private readonly logger: QueueLogger,
    private readonly fields: () => object,
  ) {}

  debug(more: object, message: string): void {
    if (isLevelOff(this.logger, 'debug')) return;
    this.logger.debug(this.with(more), message);
  }

  info(more: object, message: string): void {
    this.logger.info(this.with(more), message);
  }

  warn(more: object, message: string): void {
    this.logger.warn(this.with(more), message);
  }

  error(more: object, message: string): void {
    this.logger.error(this.with(more), message);
  }

  private with(more: object): object {
    return { ...(this.all ??= this.fields()), ...more };
  }
}

/** pino knows; a logger that does not say gets every line. */
function isLevelOff(logger: QueueLogger & { isLevelEnabled?(level: string): boolean }, level: string): boolean {
  return logger.isLevelEnabled?.(level) === false;
}
