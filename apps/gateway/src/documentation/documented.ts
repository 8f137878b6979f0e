import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { PROBLEM_TYPES, problemTypeUri, type ProblemType } from '../problems/problem-types.js';
import { openApiQuery, openApiSchema, PROBLEM_ANSWER } from './schemas.js';

export interface Documentation {
  summary: string;
  status: number;
  /** A JSON body; `csv` is a stream of lines. */
  body?: z.ZodType | 'csv';
  /** A body that need not be sent. */
  optionalBody?: boolean;
  query?: z.ZodObject;
  /** Left out where there is none (204). */
  answer?: z.ZodType;
  /** Beside those that every route may answer with. */
  problems?: ProblemType[];
}

type Responses = Record<string, { description: string; content: Record<string, { schema: object }> }>;

const EVERYWHERE: ProblemType[] = ['unauthenticated', 'forbidden', 'rate-limited', 'headers-too-large', 'internal-error', 'database-unavailable', 'orchestrator-unavailable'];
const WITH_JSON: ProblemType[] = ['invalid-request', 'malformed-json', 'body-too-large', 'unsupported-media-type'];

/** Describes a route in the OpenAPI document, from the schemas that it is validated with. */
export function Documented({ summary, status, body, optionalBody, query, answer, problems = [] }: Documentation): MethodDecorator {
  const isJson = body !== undefined && body !== 'csv';
  const types = new Set<ProblemType>([...(isJson ? WITH_JSON : []), ...(query === undefined ? [] : (['invalid-request'] as const)), ...problems]);
  return applyDecorators(
    ApiOperation({ summary }),
    ...(body === undefined ? [] : [ApiConsumes(isJson ? 'application/json' : 'text/csv'), ApiBody({ schema: isJson ? openApiSchema(body) : { type: 'string' }, required: optionalBody !== true })]),
    ...(query === undefined ? [] : openApiQuery(query).map((parameter) => ApiQuery(parameter))),
    ApiResponse({ status, description: 'Success', ...(answer === undefined ? {} : { content: { 'application/json': { schema: openApiSchema(answer, 'output') } } }) }),
    ...Object.entries(problemResponses([...types])).map(([problemStatus, response]) => ApiResponse({ status: Number(problemStatus), ...response })),
  );
}

/** The problems that a route may answer with, and those that every one may, by status. */
export function problemResponses(types: ProblemType[]): Responses {
  const byStatus = new Map<number, ProblemType[]>();
  for (const type of [...types, ...EVERYWHERE]) byStatus.set(PROBLEM_TYPES[type].status, [...(byStatus.get(PROBLEM_TYPES[type].status) ?? []), type]);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((type) => `${problemTypeUri(type)}: ${PROBLEM_TYPES[type].title}`).join(' '),
        content: { 'application/problem+json': { schema: openApiSchema(PROBLEM_ANSWER, 'output') } },
      },
    ]),
  );
}
