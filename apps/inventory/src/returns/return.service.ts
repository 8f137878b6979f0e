import { LEDGER_KIND, type ReceiveReturnInput } from '@backstitch/contracts';
import { queryRows } from '@backstitch/service-kit';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { lockStock } from '../database/lock-stock.js';
import { ReturnAlreadyReceivedError, ReturnedPiecesReservedError, ReturnExceedsSaleError, type ExcessLine, type ShortLine } from '../inventory-errors.js';

interface ReturnLine {
  orderId: string;
  sku: string;
  quantity: number;
}

/**
 * Pieces that come back after a sale. States of a return: (receive) → received → (revert) → reverted.
 * Works in the transaction that it is given, like ReservationService; locks reservations in the order of their ids, then stock.
 */
@Injectable()
export class ReturnService {
  /**
   * Puts returned pieces back on hand, all or none.
   * @throws {ReturnExceedsSaleError} {@link ReturnAlreadyReceivedError}
   */
  async receive(manager: EntityManager, key: string, input: ReceiveReturnInput): Promise<{ returnId: string }> {
    const { returnId } = input;
    const lines = linesOf(input);
    const columns = columnsOf(lines);
    const made = await queryRows(
      manager,
      `WITH made AS (
          INSERT INTO stock_return (return_id, state, received_by) VALUES ($1, 'received', $2) ON CONFLICT (return_id) DO NOTHING RETURNING return_id)
      SELECT 1 FROM made`,
      [returnId, key],
    );
    if (made.length === 0) throw new ReturnAlreadyReceivedError(returnId);

    await lockReservations(manager, lines);
    const excess = await this.excessOf(manager, columns);
    if (excess.length > 0) throw new ReturnExceedsSaleError(returnId, excess);
    await lockStock(manager, lines.map((line) => line.sku));
    await queryRows(
      manager,
      `WITH lines AS (SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[]) AS line (order_id, sku, quantity)),
        kept AS (INSERT INTO stock_return_line (return_id, order_id, sku, quantity) SELECT $1, order_id, sku, quantity FROM lines),
        sold AS (
          UPDATE reservation_line SET returned = returned + lines.quantity FROM lines
          WHERE reservation_line.order_id = lines.order_id AND reservation_line.sku = lines.sku),
        moved AS (
          INSERT INTO stock_movement (kind, order_id, reference, sku, quantity)
          SELECT '${LEDGER_KIND.stockReturned}', order_id, $1, sku, quantity FROM lines),
        balanced AS (
          UPDATE stock SET on_hand = on_hand + total.quantity
          FROM (SELECT sku, sum(quantity)::bigint AS quantity FROM lines GROUP BY sku) AS total WHERE stock.sku = total.sku)
      SELECT 1`,
      [returnId, ...columns],
    );
    return { returnId };
  }

  /**
   * Undoes what the step `stepKey` received.
   * @returns false if there is nothing to undo
   * @throws {ReturnedPiecesReservedError} while other orders have reserved the pieces
   */
  async revert(manager: EntityManager, stepKey: string, returnId: string): Promise<boolean> {
    const changed = await queryRows(
      manager,
      `WITH changed AS (
          UPDATE stock_return SET state = 'reverted', changed_at = now()
          WHERE return_id = $1 AND state = 'received' AND received_by = $2 RETURNING return_id)
      SELECT 1 FROM changed`,
      [returnId, stepKey],
    );
    if (changed.length === 0) return false;

    const rows = await queryRows<{ orderId: string; sku: string; quantity: string }>(
      manager,
      'SELECT order_id AS "orderId", sku, quantity FROM stock_return_line WHERE return_id = $1',
      [returnId],
    );
    const lines = rows.map((row) => ({ ...row, quantity: Number(row.quantity) }));
    await lockReservations(manager, lines);
    const available = await lockStock(manager, lines.map((line) => line.sku));
    const requested = new Map<string, number>();
    for (const line of lines) requested.set(line.sku, (requested.get(line.sku) ?? 0) + line.quantity);
    const short: ShortLine[] = [...requested]
      .map(([sku, quantity]) => ({ sku, requested: quantity, available: available.get(sku) ?? 0 }))
      .filter((line) => line.requested > line.available);
    if (short.length > 0) throw new ReturnedPiecesReservedError(returnId, short);
    await queryRows(
      manager,
      `WITH lines AS (SELECT order_id, sku, quantity FROM stock_return_line WHERE return_id = $1),
        sold AS (
          UPDATE reservation_line SET returned = returned - lines.quantity FROM lines
          WHERE reservation_line.order_id = lines.order_id AND reservation_line.sku = lines.sku),
        moved AS (
          INSERT INTO stock_movement (kind, order_id, reference, sku, quantity)
          SELECT '${LEDGER_KIND.stockReturnReverted}', order_id, $1, sku, quantity FROM lines),
        balanced AS (
          UPDATE stock SET on_hand = on_hand - total.quantity
          FROM (SELECT sku, sum(quantity)::bigint AS quantity FROM lines GROUP BY sku) AS total WHERE stock.sku = total.sku)
      SELECT 1`,
      [returnId],
    );
    return true;
  }

  private async excessOf(manager: EntityManager, columns: [string[], string[], number[]]): Promise<ExcessLine[]> {
    const rows = await queryRows<{ orderId: string; sku: string; requested: string; returnable: string }>(
      manager,
      `SELECT line.order_id AS "orderId", line.sku, line.quantity AS requested, coalesce(sold.deducted - sold.returned, 0) AS returnable
      FROM unnest($1::text[], $2::text[], $3::bigint[]) AS line (order_id, sku, quantity)
      LEFT JOIN reservation_line AS sold ON sold.order_id = line.order_id AND sold.sku = line.sku
      WHERE line.quantity > coalesce(sold.deducted - sold.returned, 0)`,
      columns,
    );
    return rows.map((row) => ({ ...row, requested: Number(row.requested), returnable: Number(row.returnable) }));
  }
}

/** One line for each order and SKU. */
function linesOf({ parts }: ReceiveReturnInput): ReturnLine[] {
  const lines = new Map<string, ReturnLine>();
  for (const part of parts) {
    for (const { sku, quantity } of part.lines) {
      const name = JSON.stringify([part.orderId, sku]);
      const line = lines.get(name);
      if (line === undefined) lines.set(name, { orderId: part.orderId, sku, quantity });
      else line.quantity += quantity;
    }
  }
  return [...lines.values()];
}

function columnsOf(lines: readonly ReturnLine[]): [string[], string[], number[]] {
  return [lines.map((line) => line.orderId), lines.map((line) => line.sku), lines.map((line) => line.quantity)];
}

async function lockReservations(manager: EntityManager, lines: readonly ReturnLine[]): Promise<void> {
  const orderIds = [...new Set(lines.map((line) => line.orderId))];
  await queryRows(manager, 'SELECT 1 FROM reservation WHERE order_id = ANY($1) ORDER BY order_id FOR NO KEY UPDATE', [orderIds]);
}
