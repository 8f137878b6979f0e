import { ORDER_LINES_MAX } from '@backstitch/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Judges each line by the rules that need its invoice. A cancellation's number begins with C. */
const REJECT_LINES = `
  WITH head AS (
    SELECT DISTINCT ON (invoice_number) invoice_number, customer_id, country
    FROM gateway.import_line WHERE import_id = $1 ORDER BY invoice_number, line_number
  ), judged AS (
    SELECT line.line_number, line.invoice_number, line.quantity, line.unit_price_minor, line.customer_id, line.country,
      CASE
        WHEN line.customer_id IS DISTINCT FROM head.customer_id THEN 'customer-differs-within-invoice'
        WHEN line.country <> head.country THEN 'country-differs-within-invoice'
        WHEN line.invoice_number LIKE 'C%' AND line.quantity >= 0 THEN 'cancellation-quantity-not-negative'
        WHEN line.invoice_number LIKE 'C%' AND line.customer_id IS NULL THEN 'cancellation-without-customer'
        WHEN line.invoice_number NOT LIKE 'C%' AND line.quantity <= 0 THEN 'quantity-not-positive'
        WHEN line.invoice_number NOT LIKE 'C%' AND line.unit_price_minor <= 0 THEN 'price-not-positive'
      END AS reason
    FROM gateway.import_line AS line JOIN head USING (invoice_number)
    WHERE line.import_id = $1
  ), rejected AS (
    UPDATE gateway.import_line AS line SET rejected = true
    FROM judged WHERE line.import_id = $1 AND line.line_number = judged.line_number AND judged.reason IS NOT NULL
    RETURNING line.line_number
  )
  INSERT INTO gateway.import_rejection (import_id, line_number, scope, reason, invoice_number, detail)
  SELECT $1, line_number, 'row', reason, invoice_number,
    CASE reason
      WHEN 'price-not-positive' THEN (unit_price_minor / 100.0)::numeric(20, 2)::text
      WHEN 'customer-differs-within-invoice' THEN customer_id
      WHEN 'country-differs-within-invoice' THEN country
      WHEN 'cancellation-without-customer' THEN NULL
      ELSE quantity::text
    END
  FROM judged JOIN rejected USING (line_number)
  ON CONFLICT DO NOTHING`;

/** One row an invoice, also for invoices of which no line could even be read. */
const INSERT_INVOICES = `
  WITH priced AS (
    SELECT invoice_number, sku, unit_price_minor, sum(quantity) AS quantity
    FROM gateway.import_line WHERE import_id = $1 AND NOT rejected AND invoice_number NOT LIKE 'C%' GROUP BY 1, 2, 3
  ), sized AS (
    SELECT invoice_number, count(*) AS lines, max(quantity) AS quantity_max, sum(quantity::numeric * unit_price_minor) AS amount_minor
    FROM priced GROUP BY 1
  ), invoice AS (
    SELECT invoice_number, min(line_number) AS position, min(customer_id) AS customer_id, min(country) AS country, bool_and(rejected) AS all_rejected
    FROM (
      SELECT invoice_number, line_number, rejected, first_value(customer_id) OVER head AS customer_id, first_value(country) OVER head AS country
      FROM gateway.import_line WHERE import_id = $1 WINDOW head AS (PARTITION BY invoice_number ORDER BY line_number)
      UNION ALL
      SELECT invoice_number, line_number, true, NULL, NULL FROM gateway.import_rejection
      WHERE import_id = $1 AND scope = 'row' AND invoice_number IS NOT NULL
        AND NOT EXISTS (SELECT FROM gateway.import_line AS line WHERE line.import_id = $1 AND line.line_number = import_rejection.line_number)
    ) AS line
    GROUP BY 1
  ), judged AS (
    SELECT invoice.*, sized.amount_minor,
      CASE
        WHEN all_rejected AND invoice_number LIKE 'C%' THEN 'cancellation-without-match'
        WHEN all_rejected THEN 'invoice-without-valid-line'
        WHEN sized.lines > ${ORDER_LINES_MAX} OR sized.quantity_max > 1000000 OR sized.amount_minor > ${Number.MAX_SAFE_INTEGER} THEN 'invoice-too-large'
      END AS reason
    FROM invoice LEFT JOIN sized USING (invoice_number)
  ), rejected AS (
    INSERT INTO gateway.import_rejection (import_id, line_number, scope, reason, invoice_number)
    SELECT $1, position, 'invoice', reason, invoice_number FROM judged WHERE reason IS NOT NULL ON CONFLICT DO NOTHING
  )
  INSERT INTO gateway.import_invoice (import_id, invoice_number, kind, position, customer_id, country, state, amount_minor)
  SELECT $1, invoice_number, CASE WHEN invoice_number LIKE 'C%' THEN 'cancellation' ELSE 'sale' END, position, customer_id, coalesce(country, ''),
    CASE WHEN reason IS NULL THEN 'pending' ELSE 'rejected' END, CASE WHEN reason IS NULL THEN amount_minor::bigint END
  FROM judged`;

/** Turns the staged lines of a complete upload into invoices that wait to be placed, and rejections; all in one transaction. */
@Injectable()
export class ImportGrouping {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async group(importId: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await manager.query('SET LOCAL statement_timeout = 0');
      const rows: { id: string }[] = await manager.query(`SELECT id FROM gateway.import WHERE id = $1 AND status = 'queued' FOR UPDATE`, [importId]);
      if (rows.length === 0) return;
      await manager.query(REJECT_LINES, [importId]);
      await manager.query(INSERT_INVOICES, [importId]);
      await manager.query(`UPDATE gateway.import SET status = 'stocking' WHERE id = $1`, [importId]);
    });
  }
}
