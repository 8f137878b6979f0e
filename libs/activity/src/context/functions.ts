import type { JsonValue } from '@backstitch/protocol';
import type { QueueLogger } from '@backstitch/queues';
import type { ActivityInfo } from './activity-info.js';
import { Context } from './context.js';

/** `Context.current().info`. */
export function activityInfo(): ActivityInfo {
  return Context.current().info;
}

/** `Context.current().heartbeat(details)`. */
export function heartbeat(details?: JsonValue): void {
  Context.current().heartbeat(details);
}

/** `Context.current().cancellationSignal`. */
export function cancellationSignal(): AbortSignal {
  return Context.current().cancellationSignal;
}

/** Waits; rejects with the reason as soon as the attempt is to be given up. */
export async function sleep(durationMs: number): Promise<void> {
  const { cancelled } = Context.current();
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([new Promise<void>((resolve) => (timer = setTimeout(resolve, durationMs))), cancelled]);
  } finally {
    clearTimeout(timer);
  }
}

/** `Context.current().log`. */
export const log: QueueLogger = {
  debug: (fields, message) => Context.current().log.debug(fields, message),
  info: (fields, message) => Context.current().log.info(fields, message),
  warn: (fields, message) => Context.current().log.warn(fields, message),
  error: (fields, message) => Context.current().log.error(fields, message),
};
