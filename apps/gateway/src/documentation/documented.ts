import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { PROBLEM_TYPES, problemTypeUri, type ProblemType } from '../problems/problem-types.js';
import { ANSWERS, openApiQuery, openApiSchema } from './schemas.js';

export interface Documentation {
  summary: string;
  status: number;
  body?: z.ZodType;
  /** A body that need not be sent. */
  optionalBody?: boolean;
  query?: z.ZodObject;
  answer?: z.ZodType;
  /** Beside those that every route may answer with. */
  problems?: ProblemType[];
}

const EVERYWHERE: ProblemType[] = ['unauthenticated', 'forbidden', 'rate-limited', 'database-unavailable', 'orchestrator-unavailable'];

/** Describes a route in the OpenAPI document, from the schemas that it is validated with. */
export function Documented({ summary, status, body, optionalBody, query, answer, problems = [] }: Documentation): MethodDecorator {
  const types: ProblemType[] = [...(body === undefined ? [] : (['invalid-request', 'malformed-json', 'body-too-large', 'unsupported-media-type'] as const)), ...problems, ...EVERYWHERE];
  const byStatus = groupByStatus(types);
  return applyDecorators(
    ApiOperation({ summary }),
    ...(body === undefined ? [] : [ApiBody({ schema: openApiSchema(body), required: optionalBody !== true })]),
    ...(query === undefined ? [] : openApiQuery(query).map((parameter) => ApiQuery(parameter))),
    ApiResponse({ status, description: 'Success', ...(answer === undefined ? {} : { schema: openApiSchema(answer) }) }),
    ...[...byStatus].map(([problemStatus, group]) =>
      ApiResponse({
        status: problemStatus,
        description: group.map((type) => `${problemTypeUri(type)}: ${PROBLEM_TYPES[type].title}`).join(' '),
        content: { 'application/problem+json': { schema: openApiSchema(ANSWERS.problem) } },
      }),
    ),
  );
}

function groupByStatus(types: ProblemType[]): Map<number, ProblemType[]> {
  const groups = new Map<number, ProblemType[]>();
  for (const type of types) groups.set(PROBLEM_TYPES[type].status, [...(groups.get(PROBLEM_TYPES[type].status) ?? []), type]);
  return groups;
}
