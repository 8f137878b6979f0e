import { currencySchema, minorUnitsSchema } from '@backstitch/contracts';
import { z } from 'zod';

/** Parts of one return, i.e. orders that it spans. */
const RETURN_PARTS_MAX = 2_000;

const idSchema = z.string().min(1).max(255);

/** What a step takes, checked again at this door. */
export const chargePaymentInputSchema = z.object({
  orderId: idSchema,
  amountMinor: minorUnitsSchema.min(1),
  currency: currencySchema,
  paymentToken: z.string().min(1).max(128),
});
export const refundReturnInputSchema = z.object({
  returnId: idSchema,
  parts: z.array(z.object({ orderId: idSchema, refundMinor: minorUnitsSchema, currency: currencySchema })).min(1).max(RETURN_PARTS_MAX),
});
