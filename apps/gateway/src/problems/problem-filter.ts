import { LOGGER } from '@backstitch/service-kit';
import { Catch, HttpException, Inject, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { requestTraceId } from '../http/trace-context.js';
import { toProblem } from './to-problem.js';

/** The one place where an error becomes an answer: RFC 9457 problem details. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent || reply.raw.headersSent) return;
    const path = request.url.split('?', 1)[0] as string;
    if (path === '/health/ready' && error instanceof HttpException && error.getStatus() === 503) {
      // A probe's answer is no problem: it lists the checks.
      void reply.status(error.getStatus()).send(error.getResponse());
      return;
    }
    const problem = toProblem(error);
    const traceId = requestTraceId(request);
    // A flood must not fill the log as well; its refusals are counted.
    if (problem.status >= 500 && problem.type !== 'overloaded') {
      this.logger.error({ err: problem.cause ?? error, problem: problem.type, method: request.method, path, traceId }, 'request failed');
    }
    if (problem.retryAfterSeconds !== undefined) void reply.header('retry-after', String(problem.retryAfterSeconds));
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="backstitch"');
    void reply
      .status(problem.status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(JSON.stringify(problem.toProblemDetails(path, traceId)));
  }
}
