import { LOGGER } from '@backstitch/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { CancellationPlacer } from './cancellation-placer.js';
import { ImportGrouping } from './import-grouping.js';
import type { ImportRow } from './import-rows.js';
import { ImportSettler } from './import-settler.js';
import { OrderPlacer } from './order-placer.js';
import { ImportStockIntake, StockIntakeFailedError } from './stock-intake.js';

/** Ends are learnt in batches: after one answer the next question waits for more to come together, a millisecond for each run that it names. */
const SETTLE_PAUSE_MIN_MS = 100;
const PLACE_PAUSE_MS = 150;
const SETTLE_TIMEOUT_MS = 5_000;

/**
 * Drives one import: queued → (grouping) → stocking → (stock intakes) → running → (orders, their ends, returns, their ends) → completed.
 * Everything it knows is in Postgres and every step can be repeated, so whoever takes it over goes on where it was.
 */
@Injectable()
export class ImportProcessor {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(ImportGrouping) private readonly grouping: ImportGrouping,
    @Inject(ImportStockIntake) private readonly stockIntake: ImportStockIntake,
    @Inject(OrderPlacer) private readonly orders: OrderPlacer,
    @Inject(CancellationPlacer) private readonly cancellations: CancellationPlacer,
    @Inject(ImportSettler) private readonly settler: ImportSettler,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Resolves when the import has ended; rejects with the signal's reason when it fires, and with whatever the database throws:
   * then it is taken up again later.
   */
  async process(importId: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const row = await this.read(importId);
      switch (row?.status) {
        case 'queued':
          await this.grouping.group(importId);
          break;
        case 'stocking':
          await this.receiveStock(row, signal);
          break;
        case 'running':
          await this.run(row, signal);
          break;
        case undefined:
        case 'uploading':
        case 'interrupted':
        case 'completed':
        case 'failed':
          return;
        default: {
          const unknownStatus: never = row as never;
          throw new TypeError(`Unknown import status ${JSON.stringify(unknownStatus)}`);
        }
      }
    }
  }

  private async receiveStock(row: ImportRow, signal: AbortSignal): Promise<void> {
    try {
      await this.stockIntake.receive(row, signal);
    } catch (error) {
      if (!(error instanceof StockIntakeFailedError)) throw error;
      this.logger.error({ err: error, importId: row.id }, 'import failed');
      await this.dataSource.query(`UPDATE gateway.import SET status = 'failed', failure = $2, finished_at = now() WHERE id = $1`, [row.id, error.message]);
    }
  }

  private async run(row: ImportRow, signal: AbortSignal): Promise<void> {
    const stopped = new AbortController();
    const either = AbortSignal.any([signal, stopped.signal]);
    let placing = true;
    const placed = this.placeOrders(row, either).finally(() => {
      placing = false;
    });
    const loops = [placed, this.settleRuns(row, () => placing, either)];
    try {
      await Promise.all(loops);
    } catch (error) {
      stopped.abort(error);
      await Promise.allSettled(loops);
      throw error;
    }
    await this.finish(row);
  }

  private async placeOrders(row: ImportRow, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const outcome = await this.orders.placeBatch(row, signal);
      if (outcome === 'done') return;
      if (outcome === 'full') await pause(PLACE_PAUSE_MS, undefined, { signal });
    }
  }

  private async settleRuns(row: ImportRow, isPlacing: () => boolean, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const mayGrow = isPlacing();
      const settled = await this.settler.settleBatch(row, SETTLE_TIMEOUT_MS, signal);
      const advanced = await this.cancellations.advance(row, signal);
      if (settled === 'idle' && !advanced && !mayGrow) return;
      const asked = settled === 'idle' ? 0 : settled;
      if (!advanced) await pause(Math.max(SETTLE_PAUSE_MIN_MS, asked), undefined, { signal });
    }
  }

  private async isDone(row: ImportRow): Promise<boolean> {
    const [answer]: { open: boolean }[] = await this.dataSource.query(
      `SELECT EXISTS (SELECT FROM gateway.import_invoice WHERE import_id = $1 AND state IN ('pending', 'decided', 'placed')) AS open`,
      [row.id],
    );
    return answer?.open === false;
  }

  private async finish(row: ImportRow): Promise<void> {
    // What had to be placed again after all others were keeps the import running.
    if (!(await this.isDone(row))) return;
    await this.dataSource.transaction(async (manager) => {
      await manager.query('SET LOCAL statement_timeout = 0');
      await manager.query(`UPDATE gateway.import SET status = 'completed', finished_at = now() WHERE id = $1 AND status = 'running'`, [row.id]);
      // The staged lines have done their work; rejections and invoices stay.
      await manager.query('DELETE FROM gateway.import_line WHERE import_id = $1', [row.id]);
    });
    this.logger.info({ importId: row.id }, 'import completed');
  }

  private async read(importId: string): Promise<ImportRow | undefined> {
    const rows: ImportRow[] = await this.dataSource.query('SELECT * FROM gateway.import WHERE id = $1', [importId]);
    return rows[0];
  }
}
