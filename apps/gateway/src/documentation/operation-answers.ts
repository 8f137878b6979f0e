import { z } from 'zod';
import { time } from './schemas.js';

const counts = z.object({ accepted: z.int(), alreadyPlaced: z.int(), completed: z.int(), compensated: z.int(), cancelled: z.int(), failed: z.int(), running: z.int() });
const percentiles = z.object({ p50: z.number().nullable(), p99: z.number().nullable() });
const countByName = z.record(z.string(), z.int());

const importOutcome = z.object({
  orders: counts,
  returns: counts,
  rejected: z.object({ rows: z.int(), invoices: z.int(), byReason: countByName }),
  compensatedBy: countByName.describe('compensated orders by the step that failed'),
  durationMs: z.int(),
  ordersPerSecond: z.number(),
  acceptMs: percentiles,
  completionMs: percentiles,
});
const rejection = z.object({
  lineNumber: z.int().describe('first physical line, the header being 1'),
  scope: z.enum(['row', 'invoice']),
  reason: z.string(),
  explanation: z.string(),
  invoiceNumber: z.string().nullable(),
  detail: z.string().nullable(),
});
const importStatus = z.enum(['uploading', 'interrupted', 'queued', 'stocking', 'running', 'completed', 'failed']);

/** Answers about imports, reports and stock, for the documentation. */
export const OPERATION_ANSWERS = {
  uploadedImport: z.object({ importId: z.string(), status: z.literal('queued'), bytes: z.int(), lines: z.int(), links: z.object({ self: z.string() }) }),
  imports: z.object({ imports: z.array(z.object({ importId: z.string(), status: importStatus, createdAt: time, lines: z.int() })), nextCursor: z.string().nullable() }),
  import: z.object({
    importId: z.string(),
    status: importStatus,
    createdAt: time,
    uploadedAt: time.nullable(),
    finishedAt: time.nullable(),
    stockPerSku: z.int(),
    bytes: z.int(),
    lines: z.int(),
    invoices: z.object({ total: z.int(), waiting: z.int() }),
    failure: z.string().nullable(),
    outcome: importOutcome,
    rejections: z.array(rejection),
    links: z.object({ self: z.string(), outcome: z.string(), rejections: z.string(), orders: z.string() }),
  }),
  importOutcome,
  rejections: z.object({ rejections: z.array(rejection), nextCursor: z.string().nullable() }),
  reconciliation: z.object({
    clean: z.boolean(),
    checkedAt: time,
    checkedOrders: z.int(),
    runningOrders: z.int(),
    checkedReturns: z.int(),
    runningReturns: z.int(),
    totals: z.object({
      orders: countByName,
      returns: countByName,
      money: z.record(
        z.string(),
        z.object({ charged: z.int(), reversed: z.int(), refunded: z.int(), net: z.int(), completedOrders: z.int(), completedReturns: z.int(), netExpected: z.int() }),
      ),
      pieces: countByName,
    }),
    discrepancyCount: z.int(),
    discrepancies: z.array(
      z.object({
        kind: z.string(),
        orderId: z.string().optional(),
        returnId: z.string().optional(),
        sku: z.string().optional(),
        currency: z.string().optional(),
        expected: z.number(),
        actual: z.number(),
      }),
    ),
  }),
  acceptedIntake: z.object({ intakeId: z.string(), status: z.literal('accepted'), links: z.object({ self: z.string() }) }),
  intake: z.object({ intakeId: z.string(), status: z.string() }),
};
