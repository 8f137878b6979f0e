import type { z } from 'zod';
import { refuseRequest, type Violation } from '../problems/problem-error.js';

/**
 * Reads a part of a request by its schema.
 * @throws ProblemError `invalid-request` with every violation
 */
export function validated<S extends z.ZodType>(schema: S, value: unknown, where: Violation['in']): z.output<S> {
  const violations = valueViolations(value, '', where);
  // A schema would follow it down until the stack ends.
  if (violations.some(({ detail }) => detail === TOO_DEEP)) refuseRequest(violations);
  const result = schema.safeParse(value);
  if (!result.success) violations.push(...result.error.issues.flatMap((issue) => violationsOf(issue, where)));
  if (violations.length > 0) refuseRequest(violations);
  return result.data as z.output<S>;
}

/** JSON pointer (RFC 6901) of a path. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function violationsOf(issue: z.core.$ZodIssue, where: Violation['in']): Violation[] {
  if (issue.code === 'unrecognized_keys') {
    // One violation for each member that the contract does not know, at the member itself.
    return issue.keys.map((key) => ({ in: where, pointer: jsonPointer([...issue.path, key]), detail: 'is not known' }));
  }
  return [{ in: where, pointer: jsonPointer(issue.path), detail: issue.message }];
}

/** What JSON can say and a Postgres text cannot hold: U+0000 and lone surrogates. */
const UNSTORABLE = /\u0000|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** Levels of objects and lists in a body; the contracts need five. */
const DEPTH_MAX = 50;
const TOO_DEEP = `is nested more than ${DEPTH_MAX} deep`;

/** What no part of a request may have, whatever its schema. */
function valueViolations(value: unknown, pointer: string, where: Violation['in'], depth = 0): Violation[] {
  if (typeof value === 'string') return UNSTORABLE.test(value) ? [{ in: where, pointer, detail: 'has a character that cannot be stored' }] : [];
  if (typeof value !== 'object' || value === null) return [];
  if (depth > DEPTH_MAX) return [{ in: where, pointer, detail: TOO_DEEP }];
  return Object.entries(value).flatMap(([key, member]) => valueViolations(member, `${pointer}${jsonPointer([key])}`, where, depth + 1));
}
