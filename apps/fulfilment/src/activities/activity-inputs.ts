import { ORDER_LINES_MAX, shippingAddressSchema, skuSchema } from '@backstitch/contracts';
import { z } from 'zod';

const idSchema = z.string().min(1).max(255);

/** What the step takes, checked again at this door. SKUs come out in upper case. */
export const shipOrderInputSchema = z.object({
  orderId: idSchema,
  lines: z
    .array(z.object({ sku: skuSchema, quantity: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }))
    .min(1)
    .max(ORDER_LINES_MAX),
  shippingAddress: shippingAddressSchema,
});

/** What the undo needs of its step's input. */
export const orderUndoSchema = z.object({ input: z.object({ orderId: idSchema }) });
