import { ORDER_LINES_MAX, skuSchema } from '@backstitch/contracts';
import { z } from 'zod';

/** Parts of one return, i.e. orders that it spans. */
const RETURN_PARTS_MAX = 2_000;
/** SKUs in one intake. */
const INTAKE_ITEMS_MAX = 50_000;

const idSchema = z.string().min(1).max(255);
const lineSchema = z.object({ sku: skuSchema, quantity: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });
const linesSchema = z.array(lineSchema).min(1).max(ORDER_LINES_MAX);

/** What a step takes, checked again at this door. SKUs come out in upper case. */
export const reserveStockInputSchema = z.object({ orderId: idSchema, lines: linesSchema });
export const deductStockInputSchema = z.object({ orderId: idSchema });
export const receiveReturnInputSchema = z.object({
  returnId: idSchema,
  parts: z.array(z.object({ orderId: idSchema, lines: linesSchema })).min(1).max(RETURN_PARTS_MAX),
});
export const stockIntakeSchema = z.object({
  intakeId: idSchema,
  items: z.array(z.object({ sku: skuSchema, quantity: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER) })).max(INTAKE_ITEMS_MAX),
});

/** What an undo needs of its step's input: no more than the id, so that it can undo a step whose input was bad elsewhere. */
export const orderUndoSchema = z.object({ input: z.object({ orderId: idSchema }) });
export const returnUndoSchema = z.object({ input: z.object({ returnId: idSchema }) });
