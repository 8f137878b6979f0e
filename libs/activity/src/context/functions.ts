import type { Duration } from '@backstitch/protocol/failures';
import type { ActivityInfo } from './activity-info.js';
import type { ActivityLogger } from './activity-logger.js';
import type { ActivityCancellationDetails } from './cancellation.js';
import { Context } from './context.js';
import type { MetricMeter } from './metric-meter.js';

/** `Context.current().info`. */
export function activityInfo(): ActivityInfo {
  return Context.current().info;
}

/** `Context.current().heartbeat(details)`. */
export function heartbeat(details?: unknown): void {
  Context.current().heartbeat(details);
}

/** `Context.current().cancellationSignal`. */
export function cancellationSignal(): AbortSignal {
  return Context.current().cancellationSignal;
}

/** `Context.current().cancelled`. */
export function cancelled(): Promise<never> {
  return Context.current().cancelled;
}

/** `Context.current().cancellationDetails`. */
export function cancellationDetails(): ActivityCancellationDetails | undefined {
  return Context.current().cancellationDetails;
}

/** `Context.current().sleep(duration)`. */
export async function sleep(duration: Duration): Promise<void> {
  await Context.current().sleep(duration);
}

/** `Context.current().client`: what the service was given as `client`, e.g. a WorkflowClient. @throws {ClientUnavailableError} */
export function getClient<Client = unknown>(): Client {
  return Context.current().client as Client;
}

/** `Context.current().log`. */
export const log: ActivityLogger = {
  trace: (first: string | object, second?: string | object) => write('trace', first, second),
  debug: (first: string | object, second?: string | object) => write('debug', first, second),
  info: (first: string | object, second?: string | object) => write('info', first, second),
  warn: (first: string | object, second?: string | object) => write('warn', first, second),
  error: (first: string | object, second?: string | object) => write('error', first, second),
  log: (level, message, attributes) => Context.current().log.log(level, message, attributes),
};

function write(level: Exclude<keyof ActivityLogger, 'log'>, first: string | object, second: string | object | undefined): void {
  const { log: current } = Context.current();
  if (typeof first === 'string') current[level](first, typeof second === 'object' ? second : undefined);
  else current[level](first, typeof second === 'string' ? second : '');
}

/** `Context.current().metricMeter`. */
export const metricMeter: MetricMeter = {
  createCounter: (...parameters) => Context.current().metricMeter.createCounter(...parameters),
  createHistogram: (...parameters) => Context.current().metricMeter.createHistogram(...parameters),
  createGauge: (...parameters) => Context.current().metricMeter.createGauge(...parameters),
  withTags: (tags) => Context.current().metricMeter.withTags(tags),
};
