/** A structured logger as pino is one: fields first, then the message. */
export interface OrchestratorLogger {
  trace(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Whether lines of that level are written; absent: they may be. */
  isLevelEnabled?(level: string): boolean;
}

/** For hosts that want no logs. */
export const SILENT_LOGGER: OrchestratorLogger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  isLevelEnabled: () => false,
};
