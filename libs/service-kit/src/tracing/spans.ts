import { context, ROOT_CONTEXT, SpanStatusCode, trace, type Attributes, type Context, type Span, type SpanKind } from '@opentelemetry/api';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const TRACER_NAME = 'backstitch';

export interface SpanOptions {
  /** W3C trace context of the caller. Absent or malformed: the active span is the parent, or a new trace begins. */
  traceparent?: string | undefined;
  kind?: SpanKind;
  attributes?: Attributes;
}

/** Starts a span; whoever starts it ends it. */
export function startSpan(name: string, { traceparent, kind, attributes }: SpanOptions = {}): Span {
  return trace.getTracer(TRACER_NAME).startSpan(name, { ...(kind === undefined ? {} : { kind }), ...(attributes === undefined ? {} : { attributes }) }, parentContext(traceparent));
}

/** Runs a function inside a span, which ends with it and bears its error. */
export async function withSpan<T>(name: string, options: SpanOptions, run: (span: Span) => Promise<T>): Promise<T> {
  const span = startSpan(name, options);
  try {
    return await context.with(trace.setSpan(context.active(), span), () => run(span));
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'error' });
    throw error;
  } finally {
    span.end();
  }
}

/** The W3C `traceparent` of a span, by default of the active one; undefined where there is none. */
export function traceparentOf(span: Span | undefined = trace.getActiveSpan()): string | undefined {
  const spanContext = span?.spanContext();
  if (spanContext === undefined || !trace.isSpanContextValid(spanContext)) return undefined;
  return `00-${spanContext.traceId}-${spanContext.spanId}-${spanContext.traceFlags.toString(16).padStart(2, '0')}`;
}

function parentContext(traceparent: string | undefined): Context {
  const parts = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (parts === null || parts[1] === 'ff') return context.active();
  const spanContext = { traceId: parts[2]!, spanId: parts[3]!, traceFlags: Number.parseInt(parts[4]!, 16), isRemote: true };
  return trace.isSpanContextValid(spanContext) ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : context.active();
}
