import { ORDER_STATUSES } from '@backstitch/contracts';
import { z } from 'zod';

/** An id that the gateway gave out; anything else cannot be one and is not looked up. */
export const idSchema = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'is no id');

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
