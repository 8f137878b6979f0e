import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../problems/problem-error.js';
import { ALLOWED_ROLES, rememberCaller } from './allow-roles.js';
import { OPEN_ROUTE } from './open-route.js';
import { ApiKeyStore } from './api-key-store.js';
import { RateLimits } from './rate-limits.js';
import type { Role } from './roles.js';

const DEFAULT_ROLES: Role[] = ['operator', 'viewer'];

/** Lets in who has a valid key of a role that the route allows, at the key's rate. Health is open, and so are routes that take a right of their own; the documentation is no route of Nest's. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    @Inject(ApiKeyStore) private readonly keys: ApiKeyStore,
    @Inject(RateLimits) private readonly limits: RateLimits,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (request.url.startsWith('/health/')) return true;
    if (this.reflector.getAllAndOverride<boolean | undefined>(OPEN_ROUTE, [context.getHandler(), context.getClass()]) === true) return true;
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const caller = token === undefined ? undefined : await this.keys.authenticate(token);
    if (caller === undefined) {
      await this.limits.countRefusal(request);
      throw new ProblemError('unauthenticated', 'Send an API key that is valid as "Authorization: Bearer <key>".');
    }
    await this.limits.countRequest(request, reply, caller.keyId);
    const allowed = this.reflector.getAllAndOverride<Role[] | undefined>(ALLOWED_ROLES, [context.getHandler(), context.getClass()]) ?? DEFAULT_ROLES;
    if (!allowed.includes(caller.role)) throw new ProblemError('forbidden', `This needs an API key of role ${allowed.join(' or ')}.`);
    rememberCaller(request, caller);
    return true;
  }
}
