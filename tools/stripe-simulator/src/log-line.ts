import { pid as ownPid } from 'node:process';

/** Levels by the names that the services' logs bear. */
export type LogLevel = 'info' | 'error' | 'fatal';

/** One line of the log, in the form of the platform's services: JSON with the level's name, an ISO time, service and process. An error stands in `err`. */
export function logLine(level: LogLevel, msg: string, fields: Readonly<Record<string, unknown>> = {}): string {
  const { err, ...rest } = fields;
  return JSON.stringify({ level, time: new Date().toISOString(), service: 'stripe-simulator', pid: ownPid, ...rest, ...(err === undefined ? {} : { err: serialised(err) }), msg });
}

function serialised(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  return { type: error.name, message: error.message, stack: error.stack };
}
