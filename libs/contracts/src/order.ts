import { z } from 'zod';

/** Largest number of lines in one order; the real data has 675. */
export const ORDER_LINES_MAX = 2_000;

/** Text that Postgres can keep as JSON: it knows neither NUL nor half a surrogate pair. */
const storableTextSchema = z.string().regex(/^[^\0\p{Cs}]*$/u, 'no NUL characters and no lone surrogates');

const SKU_LENGTH_MAX = 64;

/** A stock keeping unit. Those that differ only in case are one: parsing makes it upper case. */
export const skuSchema = z
  .string()
  .trim()
  .min(1)
  .max(SKU_LENGTH_MAX)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'no control characters')
  .transform((sku) => sku.toUpperCase())
  // Some letters get longer in upper case; what passes here must pass again at the next door.
  .pipe(z.string().max(SKU_LENGTH_MAX));

/** Money in minor units (pence): a safe, non-negative integer. */
export const minorUnitsSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** ISO 4217, upper case. */
export const currencySchema = z.string().regex(/^[A-Z]{3}$/, 'three capital letters (ISO 4217)');

export const orderLineSchema = z.strictObject({
  sku: skuSchema,
  quantity: z.number().int().min(1).max(1_000_000),
  /** Price of one piece, in minor units; above 0. */
  unitPriceMinor: minorUnitsSchema.min(1),
  description: storableTextSchema.max(200).optional(),
});

export const shippingAddressSchema = z.strictObject({
  name: storableTextSchema.max(200).optional(),
  /** Country's name or code; fulfilment refuses those it does not serve. */
  country: storableTextSchema.min(1).max(100),
  line1: storableTextSchema.max(200).optional(),
  city: storableTextSchema.max(100).optional(),
  postalCode: storableTextSchema.max(20).optional(),
});

/** Body of `POST /orders`. */
export const placeOrderSchema = z.strictObject({
  /** Absent or null: a guest order. */
  customerId: storableTextSchema.trim().min(1).max(64).nullish(),
  currency: currencySchema,
  lines: z.array(orderLineSchema).min(1).max(ORDER_LINES_MAX),
  /** A payment provider's token for the means of payment, never a card number. */
  paymentToken: z.string().regex(/^[A-Za-z0-9_]{1,128}$/, 'letters, digits and underscores, at most 128'),
  shippingAddress: shippingAddressSchema,
  /** The caller's own reference, e.g. an invoice number. */
  reference: storableTextSchema.max(100).optional(),
});

export type OrderLine = z.output<typeof orderLineSchema>;
export type ShippingAddress = z.output<typeof shippingAddressSchema>;
export type PlaceOrder = z.output<typeof placeOrderSchema>;

/** An order as the workflow gets it. */
export interface Order extends Omit<PlaceOrder, 'customerId'> {
  orderId: string;
  customerId: string | null;
  /** Sum of quantity × price, in minor units. */
  amountMinor: number;
}

/** Sum of quantity times price. */
export function orderAmountMinor(lines: readonly Pick<OrderLine, 'quantity' | 'unitPriceMinor'>[]): number {
  return lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
}

/** What stands in the search attribute `OrderStatus`. */
export const ORDER_STATUSES = ['reserving', 'charging', 'shipping', 'completed', 'compensating', 'compensated', 'cancelled', 'failed'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** What stands in the search attribute `ReturnStatus`. */
export const RETURN_STATUSES = ['restocking', 'refunding', 'completed', 'compensating', 'compensated', 'cancelled', 'failed'] as const;
export type ReturnStatus = (typeof RETURN_STATUSES)[number];

/** Result of `orderWorkflow`. A cancelled order has none: its run is CANCELED. */
export type OrderResult =
  | { status: 'completed'; chargeId: string; shipmentId: string }
  | { status: 'compensated'; reason: string; failedStep: string };

/** Body of `POST /orders/:id/return`. */
export const placeReturnSchema = z.strictObject({
  /** Absent: everything that has not been returned. */
  lines: z
    .array(z.strictObject({ sku: skuSchema, quantity: z.number().int().min(1).max(1_000_000), unitPriceMinor: minorUnitsSchema.min(1).optional() }))
    .min(1)
    .max(ORDER_LINES_MAX)
    .optional(),
  reason: storableTextSchema.max(500).optional(),
});
export type PlaceReturn = z.output<typeof placeReturnSchema>;

/** What comes back of one order. */
export interface ReturnPart {
  orderId: string;
  currency: string;
  /** `unitPriceMinor` is the price of the sale. */
  lines: { sku: string; quantity: number; unitPriceMinor: number }[];
  refundMinor: number;
}

/** A return as the workflow gets it; it may span several orders. */
export interface ReturnOrder {
  returnId: string;
  customerId: string | null;
  parts: ReturnPart[];
  amountMinor: number;
  reason?: string;
}

export type ReturnResult = { status: 'completed' } | { status: 'compensated'; reason: string; failedStep: string };

/** Input of `stockIntakeWorkflow`: makes SKUs known, with the stock they start with. SKUs that are known keep their stock. */
export interface StockIntake {
  intakeId: string;
  items: { sku: string; quantity: number }[];
}
