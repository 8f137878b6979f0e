import rateLimit from '@fastify/rate-limit';
import { Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../problems/problem-error.js';

const WINDOW_MS = 60_000;
/** Requests without a valid key, by address and minute. */
const REFUSALS_PER_MINUTE_MAX = 600;

type Limiter = ReturnType<FastifyInstance['createRateLimit']>;

/** Requests by key, and refusals by address; counted in this process. */
@Injectable()
export class RateLimits {
  private byKey: Limiter | undefined;
  private byAddress: Limiter | undefined;
  private readonly keyIds = new WeakMap<FastifyRequest, string>();

  /** Must be called before the application listens. */
  async install(app: NestFastifyApplication, requestsPerMinute: number): Promise<void> {
    const instance = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
    await instance.register(rateLimit, { global: false });
    this.byKey = instance.createRateLimit({ max: requestsPerMinute, timeWindow: WINDOW_MS, keyGenerator: (request) => this.keyIds.get(request) ?? '' });
    this.byAddress = instance.createRateLimit({ max: REFUSALS_PER_MINUTE_MAX, timeWindow: WINDOW_MS, keyGenerator: (request) => request.ip });
  }

  /** @throws ProblemError `rate-limited` */
  async countRequest(request: FastifyRequest, reply: FastifyReply, keyId: string): Promise<void> {
    this.keyIds.set(request, keyId);
    const answer = await this.byKey?.(request);
    if (answer === undefined || answer.isAllowed) return;
    void reply.header('ratelimit-limit', String(answer.max)).header('ratelimit-remaining', String(answer.remaining)).header('ratelimit-reset', String(answer.ttlInSeconds));
    if (answer.isExceeded) refuse(answer.max, answer.ttlInSeconds);
  }

  /** @throws ProblemError `rate-limited` */
  async countRefusal(request: FastifyRequest): Promise<void> {
    const answer = await this.byAddress?.(request);
    if (answer !== undefined && !answer.isAllowed && answer.isExceeded) refuse(answer.max, answer.ttlInSeconds);
  }
}

function refuse(max: number, retryAfterSeconds: number): never {
  throw new ProblemError('rate-limited', `At most ${max} requests a minute.`, {}, { retryAfterSeconds: Math.max(1, retryAfterSeconds) });
}
