import { z } from 'zod';

/** What @nestjs/swagger takes as a schema. */
// Its own type is OpenAPI 3.0's, which knows less than the JSON schema that zod writes and OpenAPI 3.1 is.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type OpenApiSchema = any;

/** JSON schema of what a zod schema takes in, or of what it gives. */
export function openApiSchema(schema: z.ZodType, io: 'input' | 'output' = 'input'): OpenApiSchema {
  const { $schema: _dialect, ...jsonSchema } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return jsonSchema;
}

/** Parameters of a query, one for each member of its schema. */
export function openApiQuery(schema: z.ZodObject): { name: string; in: 'query'; required: boolean; schema: OpenApiSchema }[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, property]) => ({ name, in: 'query', required: required.includes(name), schema: property }));
}

/** A point in time, ISO 8601 in UTC. */
export const time = z.iso.datetime();

/** Problem details (RFC 9457). */
export const PROBLEM_ANSWER = z.looseObject({
  type: z.string().describe('urn:backstitch:problem:…, stable'),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  traceId: z.string().optional(),
  violations: z.array(z.object({ in: z.enum(['body', 'query', 'path', 'header']), pointer: z.string().describe('JSON pointer'), detail: z.string() })).optional(),
});
