import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { LIMITS } from '@backstitch/protocol';
import { METRICS_REGISTRY } from '@backstitch/service-kit';
import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify';
import { describeKitRoutes } from '../documentation/kit-routes.js';
import { shedStarts } from '../overload/shed-starts.js';
import { StartGate } from '../overload/start-gate.js';
import { ProblemError } from '../problems/problem-error.js';
import { RateLimits } from '../security/rate-limits.js';
import { answerClientError, answerFrameworkError } from './protocol-problems.js';

/** A JSON body must have come in within this time; an import only has to keep coming. */
const JSON_BODY_TIMEOUT_MS = 30_000;
const METHODS_WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};
const API_POLICY = "default-src 'none'; frame-ancestors 'none'";
/** Swagger UI brings its own inline script and styles. */
const DOCUMENTATION_POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** Characters of a workflow's id in a path: each may be four bytes, and each byte three characters. */
const PATH_ID_LENGTH_MAX = LIMITS.workflowIdLengthMax * 4 * 3;

/** Fastify's options. An upload may take any time, so the limit on whole requests is off and bodies have their own. */
export const GATEWAY_FASTIFY_OPTIONS = {
  bodyLimit: 1_048_576,
  requestTimeout: 0,
  routerOptions: { maxParamLength: PATH_ID_LENGTH_MAX },
  clientErrorHandler: answerClientError,
  frameworkErrors: answerFrameworkError,
} satisfies FastifyServerOptions;

/** Sets up all that happens to a request before Nest sees it: limits, media types, headers, documentation. Call before the application listens. */
export async function configureHttpEdge(app: NestFastifyApplication, options: { requestsPerMinute: number; eventLoopDelayMaxMs?: number }): Promise<void> {
  const instance = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  await app.get(RateLimits).install(app, options.requestsPerMinute);
  // The stream itself is the body: nothing is read before someone is ready to store it.
  instance.addContentTypeParser('text/csv', (_request, payload, done) => done(null, payload));
  instance.addHook('onRequest', (request, reply, done) => {
    const isDocumentation = request.url.startsWith('/docs');
    void reply.headers({
      ...SECURITY_HEADERS,
      'content-security-policy': isDocumentation ? DOCUMENTATION_POLICY : API_POLICY,
      ...(isDocumentation ? {} : { 'cache-control': 'no-store' }),
    });
    done(mediaTypeProblem(request));
  });
  await shedStarts(instance, app.get(StartGate), app.get(METRICS_REGISTRY), options.eventLoopDelayMaxMs);
  limitBodyTime(instance);
  const document = SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setTitle('Backstitch: the order platform')
      .setDescription(
        'Orders, returns, imports, reports and operations. Every route but those without a lock needs an API key: Authorize takes it (npm start prints where the keys of its stack are). ' +
          'Errors are problem details (RFC 9457) with a stable type.',
      )
      .setVersion('0.1.0')
      .setOpenAPIVersion('3.1.0')
      .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key: bsk_…' })
      .addTag('orders', 'Placing, seeing, cancelling and returning orders. 202 means committed.')
      .addTag('returns', 'What came back.')
      .addTag('stock', 'First stock of new SKUs.')
      .addTag('imports', 'Many orders from a CSV file.')
      .addTag('reports', 'Whether the accounts are right.')
      .addTag('workflows', 'For operators: what runs, what it has done, and what waits for a person.')
      .addTag('activities', 'For webhooks and people: who has a task token ends its activity. Needs no key.')
      .addTag('service', 'Health and metrics.')
      .build(),
  );
  describeKitRoutes(document);
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'docs-json', yamlDocumentUrl: 'docs-yaml' });
}

function mediaTypeProblem(request: FastifyRequest): ProblemError | undefined {
  if (!METHODS_WITH_BODY.has(request.method)) return undefined;
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  const isImport = request.method === 'POST' && request.url.split('?', 1)[0] === '/imports';
  const expected = isImport ? 'text/csv' : 'application/json';
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return new ProblemError('unsupported-media-type', 'Send the body without a content encoding.');
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (mediaType === expected || (mediaType === undefined && !hasBody)) return undefined;
  return new ProblemError('unsupported-media-type', `Send ${expected}.`);
}

function limitBodyTime(instance: FastifyInstance): void {
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>();
  instance.addHook('preParsing', (request, _reply, payload, done) => {
    if (METHODS_WITH_BODY.has(request.method) && !request.headers['content-type']?.startsWith('text/csv')) {
      timers.set(request, setTimeout(() => request.raw.destroy(), JSON_BODY_TIMEOUT_MS).unref());
    }
    done(null, payload);
  });
  instance.addHook('preValidation', (request, _reply, done) => {
    clearTimeout(timers.get(request));
    done();
  });
  instance.addHook('onResponse', (request, _reply, done) => {
    clearTimeout(timers.get(request));
    done();
  });
}
