import type { OpenAPIObject } from '@nestjs/swagger';
import { problemResponses } from './documented.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const READINESS = { type: 'object', properties: { status: { type: 'string' }, checks: { type: 'object' } }, required: ['status'] };

/** Describes the routes that service-kit brings, which knows nothing of OpenAPI. */
export function describeKitRoutes(document: OpenAPIObject): void {
  describe(document, '/health/live', {
    summary: 'Whether the process runs. Needs no key.',
    responses: { 200: json('It does.', { type: 'object', properties: { status: { const: 'live' } } }) },
  });
  describe(document, '/health/ready', {
    summary: 'Whether work can be done. Needs no key.',
    responses: { 200: json('It can.', READINESS), 503: json('It cannot; with the checks that failed.', READINESS) },
  });
  describe(document, '/metrics', {
    summary: "Metrics in Prometheus' text format.",
    security: [{ bearer: [] }],
    responses: { 200: { description: 'Success', content: { 'text/plain': { schema: { type: 'string' } } } }, ...problemResponses([]) },
  });
}

function describe(document: OpenAPIObject, path: string, description: Pick<Operation, 'summary' | 'security' | 'responses'>): void {
  const operation = document.paths[path]?.get;
  if (operation !== undefined) Object.assign(operation, description, { tags: ['service'] });
}

function json(description: string, schema: object): Operation['responses'][string] {
  return { description, content: { 'application/json': { schema } } };
}
