import type { ReturnOrder, ReturnPart } from '@backstitch/contracts';
import type { EntityManager } from 'typeorm';
import type { SqlConnection } from '../database.js';
import type { EndStatus } from '../orders/run-status.js';

/** So many pieces of a SKU were sold at this price in this order. */
export interface SoldLine {
  orderId: string;
  currency: string;
  sku: string;
  unitPriceMinor: number;
  sold: number;
}

/** A sold line, and what has not been given back of it. */
export interface ReturnableLine extends SoldLine {
  remaining: number;
}

export interface RecordedReturn {
  return_id: string;
  fingerprint: string;
  placed_by: string;
  import_id: string | null;
  return_order: ReturnOrder;
  traceparent: string | null;
  status: 'decided' | 'running' | EndStatus;
  decided_at: Date;
  closed_at: Date | null;
}

/**
 * Locks what is left of sold lines until the transaction ends. Lines are locked in one order everywhere, so that transactions wait and never deadlock.
 * @returns the lines in the order that they were asked for
 */
export async function lockReturnableLines(manager: EntityManager, lines: readonly SoldLine[]): Promise<ReturnableLine[]> {
  const sorted = [...lines].sort((left, right) => (lineKey(left) < lineKey(right) ? -1 : 1));
  const columns = [
    sorted.map((line) => line.orderId),
    sorted.map((line) => line.sku),
    sorted.map((line) => line.unitPriceMinor),
  ];
  await manager.query(
    `INSERT INTO gateway.returnable_line (order_id, sku, unit_price_minor, sold)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) ON CONFLICT DO NOTHING`,
    [...columns, sorted.map((line) => line.sold)],
  );
  const rows: { order_id: string; sku: string; unit_price_minor: string; remaining: string }[] = await manager.query(
    `SELECT order_id, sku, unit_price_minor, sold - returned AS remaining
     FROM gateway.returnable_line
     WHERE (order_id, sku, unit_price_minor) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]))
     ORDER BY order_id, sku, unit_price_minor FOR UPDATE`,
    columns,
  );
  const remaining = new Map(rows.map((row) => [lineKey({ orderId: row.order_id, sku: row.sku, unitPriceMinor: Number(row.unit_price_minor) }), Number(row.remaining)]));
  return lines.map((line) => ({ ...line, remaining: remaining.get(lineKey(line)) ?? 0 }));
}

/** Writes a return down together with what it takes from the returnable lines. Its workflow is started afterwards, as often as needed. */
export async function recordReturn(
  manager: EntityManager,
  returnOrder: ReturnOrder,
  context: { fingerprint: string; placedBy: string; importId: string | null; traceparent: string | null },
): Promise<void> {
  await manager.query(
    `INSERT INTO gateway.order_return (return_id, fingerprint, placed_by, import_id, customer_id, return_order, amount_minor, traceparent, status)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'decided')`,
    [
      returnOrder.returnId,
      context.fingerprint,
      context.placedBy,
      context.importId,
      returnOrder.customerId,
      JSON.stringify(returnOrder),
      returnOrder.amountMinor,
      context.traceparent,
    ],
  );
  const lines = returnOrder.parts.flatMap((part) => part.lines.map((line) => ({ ...line, orderId: part.orderId })));
  await manager.query(
    `WITH line AS (
       INSERT INTO gateway.return_line (return_id, order_id, sku, unit_price_minor, quantity)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) RETURNING *
     )
     UPDATE gateway.returnable_line AS returnable SET returned = returned + line.quantity
     FROM line WHERE returnable.order_id = line.order_id AND returnable.sku = line.sku AND returnable.unit_price_minor = line.unit_price_minor`,
    [
      returnOrder.returnId,
      lines.map((line) => line.orderId),
      lines.map((line) => line.sku),
      lines.map((line) => line.unitPriceMinor),
      lines.map((line) => line.quantity),
    ],
  );
}

/**
 * Writes down how returns ended, once. What a return did not bring back in the end, since it was undone, can be returned again.
 */
export async function settleReturns(manager: EntityManager, ends: readonly { returnId: string; status: EndStatus }[]): Promise<void> {
  if (ends.length === 0) return;
  const settled: [{ return_id: string; status: EndStatus }[], number] = await manager.query(
    `UPDATE gateway.order_return AS recorded SET status = ended.status, closed_at = now()
     FROM unnest($1::text[], $2::text[]) AS ended (return_id, status)
     WHERE recorded.return_id = ended.return_id AND recorded.status IN ('decided', 'running')
     RETURNING recorded.return_id, recorded.status`,
    [ends.map((end) => end.returnId), ends.map((end) => end.status)],
  );
  const undone = settled[0].filter((row) => row.status === 'compensated' || row.status === 'cancelled').map((row) => row.return_id);
  if (undone.length === 0) return;
  await manager.query(
    `UPDATE gateway.returnable_line AS returnable SET returned = returned - line.quantity
     FROM (SELECT order_id, sku, unit_price_minor, sum(quantity) AS quantity FROM gateway.return_line WHERE return_id = ANY($1) GROUP BY 1, 2, 3) AS line
     WHERE returnable.order_id = line.order_id AND returnable.sku = line.sku AND returnable.unit_price_minor = line.unit_price_minor`,
    [undone],
  );
}

/** Marks returns whose workflow exists. */
export async function markReturnsRunning(connection: SqlConnection, returnIds: readonly string[]): Promise<void> {
  await connection.query(`UPDATE gateway.order_return SET status = 'running' WHERE return_id = ANY($1) AND status = 'decided'`, [returnIds]);
}

/** The return made of what was taken from each line, grouped by order. */
export function returnOrderOf(
  returnId: string,
  customerId: string | null,
  taken: readonly { line: SoldLine; quantity: number }[],
  reason: string | undefined,
): ReturnOrder {
  const parts = new Map<string, ReturnPart>();
  for (const { line, quantity } of taken) {
    const part = parts.get(line.orderId) ?? { orderId: line.orderId, currency: line.currency, lines: [], refundMinor: 0 };
    const same = part.lines.find((candidate) => candidate.sku === line.sku && candidate.unitPriceMinor === line.unitPriceMinor);
    if (same === undefined) part.lines.push({ sku: line.sku, quantity, unitPriceMinor: line.unitPriceMinor });
    else same.quantity += quantity;
    part.refundMinor += quantity * line.unitPriceMinor;
    parts.set(line.orderId, part);
  }
  const amountMinor = [...parts.values()].reduce((sum, part) => sum + part.refundMinor, 0);
  return { returnId, customerId, parts: [...parts.values()], amountMinor, ...(reason === undefined ? {} : { reason }) };
}

function lineKey(line: Pick<SoldLine, 'orderId' | 'sku' | 'unitPriceMinor'>): string {
  return JSON.stringify([line.orderId, line.sku, line.unitPriceMinor]);
}
