import { stockIntakeWorkflowId, WORKFLOW_TYPE, type StockIntake } from '@backstitch/contracts';
import type { JsonValue, StartWorkflowRequest } from '@backstitch/protocol';
import { LOGGER } from '@backstitch/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { fingerprint } from '../identity/fingerprint.js';
import { BulkOrchestrator } from '../orchestrator/orchestrator.js';
import type { ImportRow } from './import-rows.js';
import { persist } from './persist.js';
import { startPatiently } from './start-patiently.js';

const ITEMS_PER_INTAKE = 1_000;
const AWAIT_MS = 5_000;

/** The start of a stock intake's workflow. */
export function stockIntakeStart(intake: StockIntake, keyId: string, traceparent: string | undefined): StartWorkflowRequest {
  return {
    workflowId: stockIntakeWorkflowId(intake.intakeId),
    workflowType: WORKFLOW_TYPE.stockIntake,
    args: [intake as unknown as JsonValue],
    searchAttributes: { PlacedBy: [keyId] },
    requestFingerprint: fingerprint(intake),
    identity: `gateway:${keyId}`,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** A stock intake of an import did not complete. */
export class StockIntakeFailedError extends Error {
  override readonly name = 'StockIntakeFailedError';
  readonly code = 'STOCK_INTAKE_FAILED';
  constructor(
    readonly workflowId: string,
    readonly status: string,
  ) {
    super(`Stock intake ${workflowId} ended as ${status}.`);
  }
}

/** Makes every SKU of an import's sales known, before the first order is placed. SKUs that are known keep their stock. */
@Injectable()
export class ImportStockIntake {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(BulkOrchestrator) private readonly orchestrator: BulkOrchestrator,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Resolves when all intakes have completed. Ids are fixed by import and chunk, so going on after a break starts nothing twice. */
  async receive(row: ImportRow, signal: AbortSignal): Promise<void> {
    let lastSku = '';
    for (let chunk = 1; ; chunk++) {
      const skus: { sku: string }[] = await this.dataSource.query(
        `SELECT DISTINCT sku COLLATE "C" AS sku FROM gateway.import_line AS line JOIN gateway.import_invoice AS invoice USING (import_id, invoice_number)
         WHERE import_id = $1 AND NOT line.rejected AND invoice.kind = 'sale' AND invoice.state <> 'rejected' AND sku COLLATE "C" > $2
         ORDER BY 1 LIMIT ${ITEMS_PER_INTAKE}`,
        [row.id, lastSku],
      );
      if (skus.length === 0) break;
      lastSku = (skus.at(-1) as { sku: string }).sku;
      await this.receiveChunk(`${row.id}-${chunk}`, skus.map(({ sku }) => sku), row, signal);
      if (skus.length < ITEMS_PER_INTAKE) break;
    }
    await this.dataSource.query(
      `UPDATE gateway.import SET status = 'running', placing_at = coalesce(placing_at, now()) WHERE id = $1 AND status = 'stocking'`,
      [row.id],
    );
  }

  private async receiveChunk(intakeId: string, skus: string[], row: ImportRow, signal: AbortSignal): Promise<void> {
    const intake: StockIntake = { intakeId, items: skus.map((sku) => ({ sku, quantity: row.stock_per_sku })) };
    const start = stockIntakeStart(intake, row.placed_by, row.traceparent);
    const [result] = await startPatiently(this.orchestrator, [start], signal, this.logger);
    if (result?.status === 'rejected' || result?.status === 'conflict') throw new StockIntakeFailedError(start.workflowId, result.status);
    for (;;) {
      const answer = await persist(() => this.orchestrator.awaitClosed([start.workflowId], AWAIT_MS), signal, this.logger);
      const closed = answer.closed[0];
      if (closed?.status === 'COMPLETED') return;
      if (closed !== undefined) throw new StockIntakeFailedError(start.workflowId, closed.status);
      signal.throwIfAborted();
    }
  }
}
