import { traceIdOf } from '@backstitch/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ProblemError } from '../problems/problem-error.js';

/** What Node's parser calls headers beyond its limit (16 KiB). */
const HEADERS_TOO_LARGE = 'HPE_HEADER_OVERFLOW';
const TOO_SLOW = 'ERR_HTTP_REQUEST_TIMEOUT';

/** Answers bytes that never became a request, with problem details like everything else. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const problem = new ProblemError(error.code === HEADERS_TOO_LARGE ? 'headers-too-large' : error.code === TOO_SLOW ? 'request-too-slow' : 'malformed-request');
  const body = JSON.stringify(problem.toProblemDetails('/', undefined));
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Answers requests that Fastify cannot route: a path that cannot be decoded, or an id longer than any. */
export function answerFrameworkError(error: { code: string }, request: FastifyRequest, reply: FastifyReply): void {
  const problem = new ProblemError(error.code === 'FST_ERR_MAX_PARAM_LENGTH' ? 'route-not-found' : 'malformed-request');
  const traceparent = request.headers['traceparent'];
  void reply
    .status(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem.toProblemDetails(request.url.split('?', 1)[0] as string, traceIdOf(typeof traceparent === 'string' ? traceparent : undefined))));
}
