import { trace } from '@opentelemetry/api';
import { pino, stdSerializers, stdTimeFunctions, type DestinationStream, type Level, type Logger } from 'pino';
import { LineOutput } from './line-output.js';
import { redactFields } from './redact-fields.js';
import { redactText } from './redact-text.js';

export interface LoggerOptions {
  /** Stands in each line as `service`. */
  service: string;
  /** Default `info`. */
  level?: Level | 'silent';
  /** Default: standard output, by way of a {@link LineOutput}; the last line before an exit is not lost. */
  destination?: DestinationStream;
}

/** JSON lines with an ISO time, the level's name and, inside a trace, `traceId` and `spanId`. Secrets are redacted by field name and by their look in text. */
export function createLogger({ service, level = 'info', destination }: LoggerOptions): Logger {
  const logger = pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields: object) => redactFields(fields) as Record<string, unknown> },
      serializers: { err: (error: Error) => redactFields(stdSerializers.err(error), 2) },
      mixin: traceFields,
      hooks: { streamWrite: redactText },
    },
    destination ?? standardOutput(),
  );
  // Children are made of their parent, so all of them have it.
  const makeChild = logger.child;
  logger.child = function (this: Logger, bindings: object, options: object) {
    return makeChild.call(this, redactFields(bindings), options);
  } as typeof logger.child;
  return logger;
}

let output: LineOutput | undefined;

/** One for all loggers of the process, so that their lines keep their order. */
function standardOutput(): LineOutput {
  if (output === undefined) {
    const lines = new LineOutput(pino.destination({ dest: 1, sync: true }));
    process.on('exit', () => lines.flush());
    output = lines;
  }
  return output;
}

function traceFields(): { traceId?: string; spanId?: string } {
  const context = trace.getActiveSpan()?.spanContext();
  return context === undefined ? {} : { traceId: context.traceId, spanId: context.spanId };
}
