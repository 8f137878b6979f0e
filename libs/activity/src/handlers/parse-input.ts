import type { z } from 'zod';
import { ApplicationFailure } from '../errors/application-failure.js';

/** `type` of the failure of an activity whose input breaks the contract. Not retried: it would break it again. */
export const INVALID_INPUT = 'InvalidActivityInput';

/** @throws {ApplicationFailure} INVALID_INPUT, not retryable, with one detail for each violation: `{ pointer, message }` */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const violations = result.error.issues.map(({ path, message }) => ({ pointer: path.map((part) => `/${String(part)}`).join(''), message }));
  throw ApplicationFailure.nonRetryable('The input breaks the contract of the activity.', INVALID_INPUT, ...violations);
}
