import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Parts of Nest that tell at every start what they found; useful only when a start goes wrong. */
const CHATTY_CONTEXTS = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication', 'NestMicroservice']);

/** Lets Nest log through pino. Nest passes its context as the last argument, and a stack before it on errors. What its start-up tells at `info` comes out at `debug`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: Level, message: unknown, rest: unknown[]): void {
    const fields: Record<string, unknown> = {};
    if (level === 'info' && CHATTY_CONTEXTS.has(String(rest.at(-1)))) level = 'debug';
    const last = rest.at(-1);
    // A stack has line breaks, a context's name has none.
    if (typeof last === 'string' && !last.includes('\n')) fields['context'] = rest.pop();
    const error = [message, ...rest].find((value) => value instanceof Error);
    if (error !== undefined) fields['err'] = error;
    const stack = rest.find((value) => typeof value === 'string' && value.includes('\n    at '));
    if (stack !== undefined && error === undefined) fields['stack'] = stack;
    if (typeof message === 'object' && message !== null && !(message instanceof Error)) {
      this.logger[level]({ ...fields, ...message });
    } else {
      this.logger[level](fields, message instanceof Error ? message.message : String(message));
    }
  }
}
