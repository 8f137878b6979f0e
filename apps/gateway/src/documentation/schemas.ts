import { z } from 'zod';

/** What @nestjs/swagger takes as a schema. */
// Its own type is OpenAPI 3.0's, which knows less than the JSON schema that zod writes and OpenAPI 3.1 is.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type OpenApiSchema = any;

/** JSON schema of what a zod schema takes in. */
export function openApiSchema(schema: z.ZodType): OpenApiSchema {
  const { $schema: _dialect, ...jsonSchema } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return jsonSchema;
}

/** Parameters of a query, one for each member of its schema. */
export function openApiQuery(schema: z.ZodObject): { name: string; in: 'query'; required: boolean; schema: OpenApiSchema }[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, property]) => ({ name, in: 'query', required: required.includes(name), schema: property }));
}

const time = z.iso.datetime().nullable();
const failure = z.object({ type: z.string(), message: z.string() }).nullable();
const step = z.object({
  name: z.string(),
  status: z.enum(['SCHEDULED', 'BACKING_OFF', 'COMPLETED', 'FAILED', 'TIMED_OUT', 'CANCEL_REQUESTED', 'CANCELED', 'INCIDENT']),
  attempt: z.int(),
  attemptsMax: z.int().nullable(),
  scheduledAt: time,
  startedAt: time,
  endedAt: time,
  nextAttemptAt: time,
  lastFailure: failure,
});

/** Answers, as far as the documentation shows them. */
export const ANSWERS = {
  problem: z.object({
    type: z.string().describe('urn:backstitch:problem:…, stable'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    traceId: z.string().optional(),
    violations: z.array(z.object({ in: z.enum(['body', 'query', 'path', 'header']), pointer: z.string().describe('JSON pointer'), detail: z.string() })).optional(),
  }),
  placedOrder: z.object({ orderId: z.string(), status: z.literal('accepted'), amountMinor: z.int(), currency: z.string(), links: z.record(z.string(), z.string()) }),
  orderSummary: z.object({
    orderId: z.string(),
    status: z.string(),
    customerId: z.string().nullable(),
    amountMinor: z.int().nullable(),
    currency: z.string().nullable(),
    placedAt: time,
    closedAt: time,
    openIncidents: z.int(),
    links: z.object({ self: z.string() }),
  }),
  order: z.object({
    orderId: z.string(),
    status: z.string(),
    amountMinor: z.int().nullable(),
    currency: z.string().nullable(),
    reason: z.string().nullable(),
    failedStep: z.string().nullable(),
    cancelRequested: z.boolean(),
    steps: z.array(step),
    undos: z.array(step.extend({ undoes: z.string() })),
    incidents: z.array(z.object({ incidentNumber: z.int(), kind: z.string(), openedAt: time, message: z.string() })),
  }),
  placedReturn: z.object({ returnId: z.string(), status: z.literal('accepted'), amountMinor: z.int(), links: z.object({ self: z.string() }) }),
};
