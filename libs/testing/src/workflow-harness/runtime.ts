/** Levels of log lines, as Temporal's worker names them. */
export type LogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** Additional fields of a log line. */
export type LogMetadata = Record<string | symbol, unknown>;

/** One log line. */
export interface LogEntry {
  level: LogLevel;
  message: string;
  timestampNanos: bigint;
  meta?: LogMetadata;
}

/** Takes log lines of workflows and activities. */
export interface Logger {
  log(level: LogLevel, message: string, meta?: LogMetadata): void;
  trace(message: string, meta?: LogMetadata): void;
  debug(message: string, meta?: LogMetadata): void;
  info(message: string, meta?: LogMetadata): void;
  warn(message: string, meta?: LogMetadata): void;
  error(message: string, meta?: LogMetadata): void;
}

const LEVELS: readonly LogLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'];

/** Hands lines of a level or above to a function; writes them to stderr where none is given. */
export class DefaultLogger implements Logger {
  constructor(
    readonly level: LogLevel = 'INFO',
    private readonly write: (entry: LogEntry) => void = writeToStderr,
  ) {}

  log(level: LogLevel, message: string, meta?: LogMetadata): void {
    if (LEVELS.indexOf(level) >= LEVELS.indexOf(this.level)) {
      this.write({ level, message, meta, timestampNanos: BigInt(Date.now()) * 1_000_000n });
    }
  }

  trace(message: string, meta?: LogMetadata): void {
    this.log('TRACE', message, meta);
  }

  debug(message: string, meta?: LogMetadata): void {
    this.log('DEBUG', message, meta);
  }

  info(message: string, meta?: LogMetadata): void {
    this.log('INFO', message, meta);
  }

  warn(message: string, meta?: LogMetadata): void {
    this.log('WARN', message, meta);
  }

  error(message: string, meta?: LogMetadata): void {
    this.log('ERROR', message, meta);
  }
}

export interface RuntimeOptions {
  /** Default: warnings and errors go to stderr. */
  logger?: Logger;
  /** Taken and not used: there is no core to tell it to. */
  telemetryOptions?: unknown;
  shutdownSignals?: string[];
}

/** What all workers of this process share: the logger. */
export class Runtime {
  static #instance: Runtime | undefined;

  private constructor(readonly logger: Logger) {}

  static instance(): Runtime {
    return (Runtime.#instance ??= Runtime.install({}));
  }

  /** Replaces what was installed before. */
  static install({ logger = new DefaultLogger('WARN') }: RuntimeOptions): Runtime {
    return (Runtime.#instance = new Runtime(logger));
  }
}

/** Taken for compatibility: nothing here has telemetry to filter. */
export function makeTelemetryFilterString(options: { core: LogLevel; other?: LogLevel }): string {
  return `${options.other ?? 'ERROR'},temporal_sdk_core=${options.core}`;
}

function writeToStderr({ level, message, meta }: LogEntry): void {
  process.stderr.write(`[${level}] ${message}${meta === undefined ? '' : ` ${JSON.stringify(meta)}`}\n`);
}
