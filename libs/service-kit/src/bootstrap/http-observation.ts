import { context, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Histogram, type Registry } from 'prom-client';
import { startSpan } from '../tracing/spans.js';

const BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const UNOBSERVED = /^\/(health\/|metrics)/;

/** Measures each request but probes and scrapes, by route and never by URL, and runs its handler inside a server span that goes on with the caller's trace. */
export function observeHttp(fastify: FastifyInstance, registry: Registry): void {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests by route.',
    labelNames: ['method', 'route', 'status_code'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  });
  const spans = new WeakMap<FastifyRequest, Span>();

  // After the body was read, since its stream's events lose the async context.
  fastify.addHook('preHandler', (request, _reply, done) => {
    if (UNOBSERVED.test(request.url)) return done();
    const traceparent = request.headers['traceparent'];
    const span = startSpan(`${request.method} ${routeOf(request)}`, {
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
      kind: SpanKind.SERVER,
      attributes: { 'http.request.method': request.method, 'http.route': routeOf(request) },
    });
    spans.set(request, span);
    context.with(trace.setSpan(context.active(), span), done);
  });

  fastify.addHook('onResponse', (request, reply, done) => {
    if (!UNOBSERVED.test(request.url)) {
      durations.observe({ method: request.method, route: routeOf(request), status_code: reply.statusCode }, reply.elapsedTime / 1_000);
      const span = spans.get(request);
      span?.setAttribute('http.response.status_code', reply.statusCode);
      if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
      span?.end();
    }
    done();
  });
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unmatched';
}
