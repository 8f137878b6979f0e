import { orderWorkflowId, type Order } from '@backstitch/contracts';
import type { StartWorkflowResult } from '@backstitch/protocol';
import { LOGGER } from '@backstitch/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { BulkOrchestrator } from '../orchestrator/orchestrator.js';
import { orderStart } from '../orders/order-start.js';
import { orderIdOfInvoice } from './import-identity.js';
import type { ImportRow } from './import-rows.js';
import { insertRejections } from './import-staging.js';
import type { Rejection } from './rejection-reasons.js';
import { startPatiently } from './start-patiently.js';

export const IMPORT_CURRENCY = 'GBP';
const PAYMENT_TOKEN = 'tok_visa';
const ORDERS_PER_BATCH = 250;
/** Orders of one import that are under way at most: enough to keep every service busy, and few enough to leave room for the orders of others. */
const ORDERS_UNDER_WAY_MAX = 2_000;

interface InvoiceRow {
  invoice_number: string;
  position: string;
  customer_id: string | null;
  country: string;
  lines: { sku: string; unitPriceMinor: number; quantity: number; description: string | null }[];
}

/** Valid lines of the same SKU and price are one line of the sum; lines stand in the order of the file. */
const NEXT_INVOICES = `
  SELECT invoice.invoice_number, invoice.position, invoice.customer_id, invoice.country, line.lines
  FROM (
    SELECT invoice_number, position, customer_id, country FROM gateway.import_invoice
    WHERE import_id = $1 AND kind = 'sale' AND state = 'pending' ORDER BY position LIMIT ${ORDERS_PER_BATCH}
  ) AS invoice
  CROSS JOIN LATERAL (
    SELECT json_agg(json_build_object('sku', sku, 'unitPriceMinor', unit_price_minor, 'quantity', quantity, 'description', description) ORDER BY first_line) AS lines
    FROM (
      SELECT sku, unit_price_minor, sum(quantity) AS quantity, min(line_number) AS first_line,
        (array_agg(description ORDER BY line_number) FILTER (WHERE description IS NOT NULL))[1] AS description
      FROM gateway.import_line WHERE import_id = $1 AND invoice_number = invoice.invoice_number AND NOT rejected GROUP BY 1, 2
    ) AS summed
  ) AS line
  ORDER BY invoice.position`;

const RECORD_PLACED = `
  UPDATE gateway.import_invoice AS invoice
  SET state = 'placed', reference_id = placed.order_id, workflow_id = placed.workflow_id, already_placed = placed.already_placed,
    accept_ms = CASE WHEN placed.already_placed THEN NULL ELSE $6::double precision END
  FROM unnest($2::text[], $3::text[], $4::text[], $5::boolean[]) AS placed (invoice_number, order_id, workflow_id, already_placed)
  WHERE invoice.import_id = $1 AND invoice.invoice_number = placed.invoice_number AND invoice.state = 'pending'`;

/** Places the orders of an import in the order of the file, in bulk. Keyed by invoice: what was placed before is found, not placed again. */
@Injectable()
export class OrderPlacer {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(BulkOrchestrator) private readonly orchestrator: BulkOrchestrator,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Places the next batch.
   * @returns `placed` if there may be more, `done` if nothing waits, `full` if enough is under way
   */
  async placeBatch(row: ImportRow, signal: AbortSignal): Promise<'placed' | 'done' | 'full'> {
    const [counts]: { under_way: string }[] = await this.dataSource.query(
      `SELECT count(*) AS under_way FROM gateway.import_invoice WHERE import_id = $1 AND kind = 'sale' AND state = 'placed'`,
      [row.id],
    );
    if (Number(counts?.under_way) >= ORDERS_UNDER_WAY_MAX) return 'full';
    const invoices: InvoiceRow[] = await this.dataSource.query(NEXT_INVOICES, [row.id]);
    if (invoices.length === 0) return 'done';
    const orders = invoices.map(orderOfInvoice);
    const starts = orders.map((order) => orderStart(order, { keyId: row.placed_by, importId: row.id, traceparent: row.traceparent }));
    const startedAt = performance.now();
    const results = await startPatiently(this.orchestrator, starts, signal, this.logger);
    await this.record(row, invoices, orders, results, performance.now() - startedAt);
    return 'placed';
  }

  private async record(row: ImportRow, invoices: InvoiceRow[], orders: Order[], results: StartWorkflowResult[], acceptMs: number): Promise<void> {
    const placed: { invoiceNumber: string; orderId: string; existing: boolean }[] = [];
    const rejections: Rejection[] = [];
    results.forEach((result, index) => {
      const invoice = invoices[index] as InvoiceRow;
      const rejection = { lineNumber: Number(invoice.position), scope: 'invoice' as const, invoiceNumber: invoice.invoice_number };
      switch (result.status) {
        case 'started':
        case 'existing':
          placed.push({ invoiceNumber: invoice.invoice_number, orderId: (orders[index] as Order).orderId, existing: result.status === 'existing' });
          return;
        case 'conflict':
          rejections.push({ ...rejection, reason: 'invoice-placed-with-other-content', detail: (orders[index] as Order).orderId });
          return;
        case 'rejected':
          rejections.push({ ...rejection, reason: 'invoice-refused', detail: `${result.error.code}: ${result.error.message}`.slice(0, 200) });
          return;
        default: {
          const unknownResult: never = result;
          throw new TypeError(`Unknown result ${JSON.stringify(unknownResult)}`);
        }
      }
    });
    await this.dataSource.transaction(async (manager) => {
      await manager.query(RECORD_PLACED, [
        row.id,
        placed.map(({ invoiceNumber }) => invoiceNumber),
        placed.map(({ orderId }) => orderId),
        placed.map(({ orderId }) => orderWorkflowId(orderId)),
        placed.map(({ existing }) => existing),
        acceptMs,
      ]);
      await insertRejections(manager, row.id, rejections);
      await manager.query(`UPDATE gateway.import_invoice SET state = 'rejected' WHERE import_id = $1 AND invoice_number = ANY($2) AND state = 'pending'`, [
        row.id,
        rejections.map(({ invoiceNumber }) => invoiceNumber),
      ]);
    });
    this.logger.debug({ importId: row.id, placed: placed.length, rejected: rejections.length, acceptMs }, 'orders placed');
  }
}

function orderOfInvoice(invoice: InvoiceRow): Order {
  const lines = invoice.lines.map(({ sku, quantity, unitPriceMinor, description }) => ({ sku, quantity, unitPriceMinor, ...(description === null ? {} : { description }) }));
  return {
    orderId: orderIdOfInvoice(invoice.invoice_number),
    customerId: invoice.customer_id,
    currency: IMPORT_CURRENCY,
    lines,
    paymentToken: PAYMENT_TOKEN,
    shippingAddress: { country: invoice.country },
    reference: invoice.invoice_number,
    amountMinor: lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0),
  };
}
