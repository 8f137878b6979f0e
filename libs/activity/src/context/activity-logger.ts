import type { QueueLogger } from '@backstitch/queues';

/** One line: Temporal's order (message, then attributes) or pino's (fields, then message). */
export interface LogLine {
  (message: string, attributes?: object): void;
  (fields: object, message: string): void;
}

export type ActivityLogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** The logger of an attempt. Each line also says whose attempt it is. */
export interface ActivityLogger {
  /** As `debug`. */
  trace: LogLine;
  debug: LogLine;
  info: LogLine;
  warn: LogLine;
  error: LogLine;
  log(level: ActivityLogLevel, message: string, attributes?: object): void;
}

/** A logger that takes both orders, on one that takes pino's. */
export class BothWaysLogger implements ActivityLogger {
  constructor(private readonly target: QueueLogger) {}

  trace(first: string | object, second?: string | object): void {
    this.write('debug', first, second);
  }

  debug(first: string | object, second?: string | object): void {
    this.write('debug', first, second);
  }

  info(first: string | object, second?: string | object): void {
    this.write('info', first, second);
  }

  warn(first: string | object, second?: string | object): void {
    this.write('warn', first, second);
  }

  error(first: string | object, second?: string | object): void {
    this.write('error', first, second);
  }

  log(level: ActivityLogLevel, message: string, attributes?: object): void {
    this.write(LEVELS[level], message, attributes);
  }

  private write(level: keyof QueueLogger, first: string | object, second: string | object | undefined): void {
    if (typeof first === 'string') this.target[level](typeof second === 'object' ? second : {}, first);
    else this.target[level](first, typeof second === 'string' ? second : '');
  }
}

const LEVELS = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
