import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import type { OperatorKey } from './operator-key.js';
import { isForged } from './request-origin.js';

const OPEN_PATHS = /^\/health(\/|\?|$)/;

/**
 * Puts the whole server behind the operator key, all but `/health`; refuses changes that another site caused; sets security headers. The
 * content security policy is what Bull Board needs: its scripts are files of its own, its styles are partly inline.
 */
export async function protect(server: FastifyInstance, key: OperatorKey): Promise<void> {
  await server.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    // The console listens on loopback without TLS; whoever puts TLS in front of it sets this there.
    strictTransportSecurity: false,
  });

  server.addHook('onRequest', async (request, reply) => {
    if (OPEN_PATHS.test(request.url)) return;
    const { authorization, host, origin } = request.headers;
    reply.header('cache-control', 'no-store');
    if (!key.opens(authorization)) {
      reply.header('www-authenticate', 'Basic realm="Backstitch console", charset="UTF-8"');
      return reply.status(401).type('application/problem+json').send(
        JSON.stringify({
          type: 'urn:backstitch:problem:unauthenticated',
          title: 'The operator key is needed.',
          status: 401,
          detail: 'Send it as the password of HTTP Basic (with any user name), or as a bearer token.',
        }),
      );
    }
    const secFetchSite = request.headers['sec-fetch-site'];
    if (isForged({ method: request.method, host, origin, secFetchSite: typeof secFetchSite === 'string' ? secFetchSite : undefined })) {
      return reply.status(403).type('application/problem+json').send(
        JSON.stringify({ type: 'urn:backstitch:problem:cross-origin', title: 'Changes are taken from the console itself only.', status: 403 }),
      );
    }
  });
}
