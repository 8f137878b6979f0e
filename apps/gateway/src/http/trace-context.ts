import { traceparentOf } from '@backstitch/service-kit';
import { traceIdOf } from '@backstitch/protocol';
import type { FastifyRequest } from 'fastify';

/** The W3C `traceparent` to pass on: of the request's own span where traces are on, else the caller's, if it is well-formed. */
export function requestTraceparent(request: FastifyRequest): string | undefined {
  const own = traceparentOf();
  if (own !== undefined) return own;
  const header = request.headers['traceparent'];
  return typeof header === 'string' && traceIdOf(header) !== undefined ? header : undefined;
}

export function requestTraceId(request: FastifyRequest): string | undefined {
  return traceIdOf(requestTraceparent(request));
}
