import { ORDER_STATUSES } from '@backstitch/contracts';
import { z } from 'zod';
import { ProblemError } from '../problems/problem-error.js';
import type { ProblemType } from '../problems/problem-types.js';

const ID = /^[A-Za-z0-9-]{1,64}$/;

/** An id out of a path. What cannot be one is not looked up: it is as unknown as any other. @throws ProblemError */
export function idOfPath(text: string, notFound: ProblemType): string {
  if (!ID.test(text)) throw new ProblemError(notFound);
  return text;
}

export const pageSizeSchema = z.coerce.number().int().min(1).max(500).default(100);
export const cursorSchema = z.string().min(1).max(1_000);
const timeSchema = z.iso.datetime({ offset: true });

/** Query of `GET /orders`. */
export const listOrdersSchema = z.strictObject({
  status: z.enum(ORDER_STATUSES).optional(),
  customerId: z.string().min(1).max(64).optional(),
  /** Placed at or after. */
  placedAfter: timeSchema.optional(),
  /** Placed before. */
  placedBefore: timeSchema.optional(),
  importId: z.uuid().optional(),
  cursor: cursorSchema.optional(),
  pageSize: pageSizeSchema,
});

/** Body of `POST /orders/:id/cancel`; may be missing. */
export const cancelOrderSchema = z.strictObject({ reason: z.string().max(500).optional() });
