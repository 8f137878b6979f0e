import { z } from 'zod';
import { time } from './schemas.js';

const failure = z.object({ type: z.string(), message: z.string() });
const address = z.object({ name: z.string().optional(), country: z.string(), line1: z.string().optional(), city: z.string().optional(), postalCode: z.string().optional() });
const line = z.object({ sku: z.string(), quantity: z.int(), unitPriceMinor: z.int(), description: z.string().optional() });

const step = z.object({
  name: z.string(),
  status: z.enum(['SCHEDULED', 'BACKING_OFF', 'COMPLETED', 'FAILED', 'TIMED_OUT', 'CANCEL_REQUESTED', 'CANCELED', 'INCIDENT']),
  attempt: z.int().describe('the current or last attempt, from 1'),
  attemptsMax: z.int().nullable().describe('null: no limit'),
  scheduledAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  nextAttemptAt: time.nullable(),
  lastFailure: failure.nullable(),
  failedAttempts: z.array(z.object({ attempt: z.int(), startedAt: time, endedAt: time, failure })).describe('newest last, at most 10'),
});

/** How a run went: of orders and returns. */
const progress = {
  reason: z.string().nullable().describe('why it was undone or failed'),
  failedStep: z.string().nullable(),
  steps: z.array(step),
  undos: z.array(step.extend({ undoes: z.string().describe('name of the step that it takes back') })),
  incidents: z.array(
    z.object({
      incidentNumber: z.int(),
      kind: z.string(),
      openedAt: time,
      message: z.string(),
      resolution: z.object({ action: z.string(), reason: z.string(), resolvedAt: time }).nullable(),
    }),
  ),
};

const orderSummary = z.object({
  orderId: z.string(),
  status: z.string(),
  customerId: z.string().nullable(),
  amountMinor: z.int().nullable(),
  currency: z.string().nullable(),
  placedAt: time,
  closedAt: time.nullable(),
  openIncidents: z.int(),
  links: z.object({ self: z.string() }),
});

/** Answers about orders and returns, for the documentation. */
export const ORDER_ANSWERS = {
  placedOrder: z.object({
    orderId: z.string(),
    status: z.literal('accepted'),
    amountMinor: z.int(),
    currency: z.string(),
    links: z.object({ self: z.string(), cancel: z.string(), return: z.string() }),
  }),
  orders: z.object({ orders: z.array(orderSummary), nextCursor: z.string().nullable() }),
  order: orderSummary.extend({ reference: z.string().nullable(), lines: z.array(line), shippingAddress: address, cancelRequested: z.boolean(), ...progress }),
  placedReturn: z.object({ returnId: z.string(), status: z.literal('accepted'), amountMinor: z.int(), links: z.object({ self: z.string() }) }),
  return: z.object({
    returnId: z.string(),
    status: z.string(),
    customerId: z.string().nullable(),
    amountMinor: z.int(),
    parts: z.array(z.object({ orderId: z.string(), currency: z.string(), lines: z.array(line.omit({ description: true })), refundMinor: z.int() })),
    placedAt: time,
    closedAt: time.nullable(),
    ...progress,
  }),
};
