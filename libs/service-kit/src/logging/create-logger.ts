import { trace } from '@opentelemetry/api';
import { pino, stdTimeFunctions, type DestinationStream, type Level, type Logger } from 'pino';
import { redactText } from './redact-text.js';

/** Field names whose values never reach a log, at the top, one and two levels down. */
const SECRET_FIELDS = ['password', 'secret', 'token', 'apiKey', 'authorization', 'cookie', 'paymentToken', 'connectionString', 'DATABASE_URL', 'REDIS_URL', 'CONTROL_TOKEN', 'STRIPE_API_KEY'];

export interface LoggerOptions {
  /** Stands in each line as `service`. */
  service: string;
  /** Default `info`. */
  level?: Level | 'silent';
  /** Default: standard output, written synchronously, so that the last line before an exit is not lost. */
  destination?: DestinationStream;
}

/** JSON lines with an ISO time, the level's name and, inside a trace, `traceId` and `spanId`. Secrets are redacted by field name and by their look in text. */
export function createLogger({ service, level = 'info', destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: traceFields,
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
      hooks: { streamWrite: redactText },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

function traceFields(): { traceId?: string; spanId?: string } {
  const context = trace.getActiveSpan()?.spanContext();
  return context === undefined ? {} : { traceId: context.traceId, spanId: context.spanId };
}
