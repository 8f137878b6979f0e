import { returnWorkflowId } from '@backstitch/contracts';
import { LOGGER } from '@backstitch/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource, type EntityManager } from 'typeorm';
import { fingerprint } from '../identity/fingerprint.js';
import { BulkOrchestrator } from '../orchestrator/orchestrator.js';
import { lockReturnableLines, markReturnsRunning, recordReturn, returnOrderOf, type RecordedReturn, type SoldLine } from '../returns/return-book.js';
import { returnStart } from '../returns/return-start.js';
import { matchCancellation, type CancelledLine, type UnmatchedLine } from './cancellation-match.js';
import { returnIdOfInvoice } from './import-identity.js';
import type { ImportRow } from './import-rows.js';
import { insertRejections } from './import-staging.js';
import { IMPORT_CURRENCY } from './order-placer.js';
import type { Rejection } from './rejection-reasons.js';
import { startPatiently } from './start-patiently.js';

const DECISIONS_PER_ROUND = 100;
const STARTS_PER_BATCH = 200;

interface CancellationRow {
  invoice_number: string;
  position: string;
  customer_id: string;
}

interface DecisionRow {
  fingerprint: string;
  return_id: string | null;
  rejections: UnmatchedLine[];
}

/** Cancellations of which every earlier invoice of the same customer has ended: sales closed, cancellations decided. */
const NEXT_CANCELLATIONS = `
  SELECT invoice_number, position, customer_id FROM gateway.import_invoice AS cancellation
  WHERE import_id = $1 AND kind = 'cancellation' AND state = 'pending'
    AND NOT EXISTS (
      SELECT FROM gateway.import_invoice AS earlier
      WHERE earlier.import_id = $1 AND earlier.customer_id = cancellation.customer_id AND earlier.position < cancellation.position
        AND (earlier.state = 'pending' OR (earlier.kind = 'sale' AND earlier.state = 'placed'))
    )
  ORDER BY position LIMIT ${DECISIONS_PER_ROUND}`;

/** What the customer's earlier completed orders of this import sold of these SKUs; newest first. */
const EARLIER_SALES = `
  SELECT sale.reference_id AS order_id, line.sku, line.unit_price_minor, sum(line.quantity) AS sold
  FROM gateway.import_invoice AS sale JOIN gateway.import_line AS line USING (import_id, invoice_number)
  WHERE sale.import_id = $1 AND sale.customer_id = $2 AND sale.kind = 'sale' AND sale.state = 'completed' AND sale.position < $3
    AND NOT line.rejected AND line.sku = ANY($4)
  GROUP BY sale.position, sale.reference_id, line.sku, line.unit_price_minor
  ORDER BY sale.position DESC, max(line.line_number) DESC`;

/**
 * Turns cancellations into returns. Each is decided once for all imports, in one transaction with what it takes from the sales; the return's workflow
 * is started afterwards from what was written down, so that a break between the two goes on exactly.
 */
@Injectable()
export class CancellationPlacer {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(BulkOrchestrator) private readonly orchestrator: BulkOrchestrator,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Decides what can be decided and starts what was decided. @returns whether there was anything to do */
  async advance(row: ImportRow, signal: AbortSignal): Promise<boolean> {
    const ready: CancellationRow[] = await this.dataSource.query(NEXT_CANCELLATIONS, [row.id]);
    for (const cancellation of ready) {
      signal.throwIfAborted();
      await this.decide(row, cancellation);
    }
    const started = await this.startDecided(row, signal);
    return ready.length > 0 || started > 0;
  }

  private async decide(row: ImportRow, cancellation: CancellationRow): Promise<void> {
    const { invoice_number: invoiceNumber, customer_id: customerId } = cancellation;
    await this.dataSource.transaction(async (manager) => {
      const lines: { line_number: string; sku: string; quantity: number }[] = await manager.query(
        'SELECT line_number, sku, quantity FROM gateway.import_line WHERE import_id = $1 AND invoice_number = $2 AND NOT rejected ORDER BY line_number',
        [row.id, invoiceNumber],
      );
      const cancelled: CancelledLine[] = lines.map((line) => ({ sku: line.sku, quantity: -line.quantity }));
      const content = fingerprint({ customerId, cancelled });
      // Whoever comes second waits here for the first one's decision.
      const claimed: unknown[] = await manager.query(
        `INSERT INTO gateway.cancellation_decision (invoice_number, fingerprint, rejections) VALUES ($1, $2, '[]') ON CONFLICT DO NOTHING RETURNING invoice_number`,
        [invoiceNumber, content],
      );
      const alreadyDecided = claimed.length === 0;
      const decision = alreadyDecided ? await readDecision(manager, invoiceNumber) : await this.match(manager, row, cancellation, cancelled, content);
      if (decision.fingerprint !== content) {
        await reject(manager, row.id, cancellation, 'invoice-placed-with-other-content', decision.return_id);
        return;
      }
      const rejections = decision.rejections.map(({ index, reason, unmatched }): Rejection => {
        const line = lines[index] as (typeof lines)[number];
        return { lineNumber: Number(line.line_number), scope: 'row', reason, invoiceNumber, detail: `${unmatched} of ${-line.quantity}` };
      });
      await insertRejections(manager, row.id, rejections);
      if (decision.return_id === null) {
        await reject(manager, row.id, cancellation, 'cancellation-without-match', null);
        return;
      }
      await manager.query(
        `UPDATE gateway.import_invoice SET state = 'decided', reference_id = $3, workflow_id = $4, already_placed = $5,
           amount_minor = (SELECT amount_minor FROM gateway.order_return WHERE return_id = $3)
         WHERE import_id = $1 AND invoice_number = $2`,
        [row.id, invoiceNumber, decision.return_id, returnWorkflowId(decision.return_id), alreadyDecided],
      );
    });
  }

  private async match(manager: EntityManager, row: ImportRow, cancellation: CancellationRow, cancelled: CancelledLine[], content: string): Promise<DecisionRow> {
    const sales: { order_id: string; sku: string; unit_price_minor: string; sold: string }[] = await manager.query(EARLIER_SALES, [
      row.id,
      cancellation.customer_id,
      cancellation.position,
      cancelled.map((line) => line.sku),
    ]);
    const sold = sales.map(
      (sale): SoldLine => ({ orderId: sale.order_id, currency: IMPORT_CURRENCY, sku: sale.sku, unitPriceMinor: Number(sale.unit_price_minor), sold: Number(sale.sold) }),
    );
    const { taken, unmatched } = matchCancellation(cancelled, await lockReturnableLines(manager, sold));
    let returnId: string | null = null;
    if (taken.length > 0) {
      returnId = returnIdOfInvoice(cancellation.invoice_number);
      const returnOrder = returnOrderOf(returnId, cancellation.customer_id, taken, `cancellation ${cancellation.invoice_number}`);
      await recordReturn(manager, returnOrder, { fingerprint: content, placedBy: row.placed_by, importId: row.id, traceparent: row.traceparent });
    }
    await manager.query('UPDATE gateway.cancellation_decision SET return_id = $2, rejections = $3 WHERE invoice_number = $1', [
      cancellation.invoice_number,
      returnId,
      JSON.stringify(unmatched),
    ]);
    return { fingerprint: content, return_id: returnId, rejections: unmatched };
  }

  private async startDecided(row: ImportRow, signal: AbortSignal): Promise<number> {
    const decided: (RecordedReturn & { invoice_number: string })[] = await this.dataSource.query(
      `SELECT recorded.*, invoice.invoice_number FROM gateway.import_invoice AS invoice JOIN gateway.order_return AS recorded ON recorded.return_id = invoice.reference_id
       WHERE invoice.import_id = $1 AND invoice.kind = 'cancellation' AND invoice.state = 'decided' ORDER BY invoice.position LIMIT ${STARTS_PER_BATCH}`,
      [row.id],
    );
    if (decided.length === 0) return 0;
    const starts = decided.map((recorded) =>
      returnStart(recorded.return_order, { placedBy: recorded.placed_by, importId: recorded.import_id, traceparent: recorded.traceparent }),
    );
    const startedAt = performance.now();
    const results = await startPatiently(this.orchestrator, starts, signal, this.logger);
    const acceptMs = performance.now() - startedAt;
    const placed = decided.filter((_recorded, index) => results[index]?.status === 'started' || results[index]?.status === 'existing');
    const refused = results.find((result) => result.status === 'rejected' || result.status === 'conflict');
    if (refused !== undefined && placed.length === 0) throw new ReturnsRefusedError(JSON.stringify(refused));
    await this.dataSource.transaction(async (manager) => {
      await markReturnsRunning(manager, placed.map((recorded) => recorded.return_id));
      await manager.query(
        `UPDATE gateway.import_invoice SET state = 'placed', accept_ms = CASE WHEN already_placed THEN NULL ELSE $3::double precision END
         WHERE import_id = $1 AND invoice_number = ANY($2) AND state = 'decided'`,
        [row.id, placed.map((recorded) => recorded.invoice_number), acceptMs],
      );
    });
    return placed.length;
  }
}

/** The orchestrator refuses returns that were decided: its workflows do not fit this gateway. */
export class ReturnsRefusedError extends Error {
  override readonly name = 'ReturnsRefusedError';
  readonly code = 'RETURNS_REFUSED';
  constructor(readonly answer: string) {
    super(`The orchestrator refused a return: ${answer}`);
  }
}

async function readDecision(manager: EntityManager, invoiceNumber: string): Promise<DecisionRow> {
  const rows: DecisionRow[] = await manager.query('SELECT fingerprint, return_id, rejections FROM gateway.cancellation_decision WHERE invoice_number = $1', [invoiceNumber]);
  return rows[0] as DecisionRow;
}

async function reject(
  manager: EntityManager,
  importId: string,
  cancellation: CancellationRow,
  reason: 'invoice-placed-with-other-content' | 'cancellation-without-match',
  detail: string | null,
): Promise<void> {
  await insertRejections(manager, importId, [
    { lineNumber: Number(cancellation.position), scope: 'invoice', reason, invoiceNumber: cancellation.invoice_number, detail },
  ]);
  await manager.query(`UPDATE gateway.import_invoice SET state = 'rejected' WHERE import_id = $1 AND invoice_number = $2`, [importId, cancellation.invoice_number]);
}
