/**
 * Every condition that the gateway answers with, by the last part of its `type` URI. Stable: clients may compare the URIs.
 * `retryAfterSeconds`: what Retry-After says unless the condition knows better.
 */
export const PROBLEM_TYPES = {
  'invalid-request': { status: 400, title: 'The request breaks the contract.' },
  'malformed-json': { status: 400, title: 'The body is no JSON.' },
  'malformed-request': { status: 400, title: 'The request cannot be read.' },
  'import-header-invalid': { status: 400, title: 'The first line does not name the columns of an import.' },
  unauthenticated: { status: 401, title: 'A valid API key is needed.' },
  forbidden: { status: 403, title: "The API key's role does not allow this." },
  'route-not-found': { status: 404, title: 'There is no such route.' },
  'order-not-found': { status: 404, title: 'There is no such order.' },
  'return-not-found': { status: 404, title: 'There is no such return.' },
  'import-not-found': { status: 404, title: 'There is no such import.' },
  'stock-intake-not-found': { status: 404, title: 'There is no such stock intake.' },
  'workflow-not-found': { status: 404, title: 'There is no such workflow.' },
  'incident-not-found': { status: 404, title: 'There is no such incident.' },
  'order-already-closed': { status: 409, title: 'The order has ended and cannot be cancelled.' },
  'order-not-completed': { status: 409, title: 'Only a completed order can be returned.' },
  'nothing-to-return': { status: 409, title: 'Everything in the order has been returned.' },
  'return-exceeds-order': { status: 409, title: 'The return asks for more than the order has left.' },
  'workflow-already-closed': { status: 409, title: 'The workflow has ended.' },
  'incident-already-resolved': { status: 409, title: 'The incident has been resolved.' },
  'request-too-slow': { status: 408, title: 'The request did not come in time.' },
  'body-too-large': { status: 413, title: 'The body is too large.' },
  'unsupported-media-type': { status: 415, title: 'The media type is not supported here.' },
  'idempotency-key-reused': { status: 422, title: 'The idempotency key was used with another body.' },
  'request-refused': { status: 422, title: 'The orchestrator refused the request.' },
  'rate-limited': { status: 429, title: 'Too many requests with this API key.', retryAfterSeconds: 1 },
  overloaded: { status: 503, title: 'Too much is under way.', retryAfterSeconds: 1 },
  'headers-too-large': { status: 431, title: 'The headers are too large.' },
  'internal-error': { status: 500, title: 'A fault of the gateway.' },
  'database-unavailable': { status: 503, title: 'The database cannot be reached.', retryAfterSeconds: 2 },
  'orchestrator-unavailable': { status: 503, title: 'The orchestrator cannot be reached.', retryAfterSeconds: 2 },
  'report-timed-out': { status: 503, title: 'The report took longer than its limit.', retryAfterSeconds: 30 },
} as const satisfies Record<string, { status: number; title: string; retryAfterSeconds?: number }>;

export type ProblemType = keyof typeof PROBLEM_TYPES;

/** The `type` URI of a condition. */
export function problemTypeUri(type: ProblemType): string {
  return `urn:backstitch:problem:${type}`;
}
