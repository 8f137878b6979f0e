import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { SqlConnection } from '../database.js';
import type { ImportLine } from './import-line.js';
import type { Rejection } from './rejection-reasons.js';

/** Keeps the lines of uploads in Postgres until their import is done. */
@Injectable()
export class ImportStaging {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async create(row: { id: string; placedBy: string; traceparent: string; stockPerSku: number }): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO gateway.import (id, placed_by, traceparent, stock_per_sku, status) VALUES ($1, $2, $3, $4, 'uploading')`,
      [row.id, row.placedBy, row.traceparent, row.stockPerSku],
    );
  }

  /** One batch of what was read, good lines and rejected ones, in one transaction. */
  async stage(importId: string, lines: readonly ImportLine[], rejections: readonly Rejection[]): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      if (lines.length > 0) {
        await manager.query(
          `INSERT INTO gateway.import_line (import_id, line_number, invoice_number, sku, description, quantity, unit_price_minor, customer_id, country)
           SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::text[], $9::text[])`,
          [
            importId,
            lines.map((line) => line.lineNumber),
            lines.map((line) => line.invoiceNumber),
            lines.map((line) => line.sku),
            lines.map((line) => line.description),
            lines.map((line) => line.quantity),
            lines.map((line) => line.unitPriceMinor),
            lines.map((line) => line.customerId),
            lines.map((line) => line.country),
          ],
        );
      }
      await insertRejections(manager, importId, rejections);
    });
  }

  /** The upload is complete: from here on the import goes on by itself. @returns false if it was interrupted meanwhile */
  async complete(importId: string, bytes: number, lines: number): Promise<boolean> {
    const [, updated]: [unknown[], number] = await this.dataSource.query(`UPDATE gateway.import SET status = 'queued', uploaded_at = now(), bytes = $2, lines = $3 WHERE id = $1 AND status = 'uploading'`, [
      importId,
      bytes,
      lines,
    ]);
    return updated === 1;
  }

  /** The upload broke off: nothing of it is placed, and what was staged goes. */
  async interrupt(importId: string, failure: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await manager.query('SET LOCAL statement_timeout = 0');
      const [, updated]: [unknown[], number] = await manager.query(
        `UPDATE gateway.import SET status = 'interrupted', finished_at = now(), failure = $2 WHERE id = $1 AND status = 'uploading'`,
        [importId, failure],
      );
      if (updated === 0) return;
      await manager.query('DELETE FROM gateway.import_line WHERE import_id = $1', [importId]);
      await manager.query('DELETE FROM gateway.import_rejection WHERE import_id = $1', [importId]);
    });
  }
}

export async function insertRejections(manager: SqlConnection, importId: string, rejections: readonly Rejection[]): Promise<void> {
  if (rejections.length === 0) return;
  await manager.query(
    `INSERT INTO gateway.import_rejection (import_id, line_number, scope, reason, invoice_number, detail)
     SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[]) ON CONFLICT DO NOTHING`,
    [
      importId,
      rejections.map((rejection) => rejection.lineNumber),
      rejections.map((rejection) => rejection.scope),
      rejections.map((rejection) => rejection.reason),
      rejections.map((rejection) => rejection.invoiceNumber),
      rejections.map((rejection) => rejection.detail),
    ],
  );
}
