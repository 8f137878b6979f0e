import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node';

export interface TracingOptions {
  service: string;
  /** Base URL of an OTLP/HTTP collector. Not set: spans have ids, so that logs can be joined, and go nowhere. */
  endpoint?: string | undefined;
  /** Instead of the endpoint's exporter; for tests. */
  exporter?: SpanExporter;
}

export interface Tracing {
  /** Sends what is waiting and stops. Takes at most `timeoutMs`, default 2,000; never throws. */
  stop(timeoutMs?: number): Promise<void>;
}

/** Makes this process's tracer the global one, with W3C trace context and async context. Call once, before anything is traced. */
export function startTracing({ service, endpoint, exporter }: TracingOptions): Tracing {
  const spanExporter = exporter ?? (endpoint === undefined ? undefined : new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }));
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: spanExporter === undefined ? [] : [new BatchSpanProcessor(spanExporter)],
  });
  provider.register();
  return {
    async stop(timeoutMs = 2_000) {
      let timer: NodeJS.Timeout | undefined;
      const timedOut = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([provider.shutdown().catch(() => undefined), timedOut]);
      clearTimeout(timer);
    },
  };
}
