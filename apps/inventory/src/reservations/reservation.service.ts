import { LEDGER_KIND, type ReserveStockInput, type ReserveStockResult } from '@backstitch/contracts';
import { queryRows } from '@backstitch/service-kit';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { lockStock } from '../database/lock-stock.js';
import { DeductionReturnedError, OrderAlreadyReservedError, OutOfStockError, ReservationStateError, SkuUnknownError, type ShortLine } from '../inventory-errors.js';

type ReservationState = 'held' | 'deducted' | 'released';

interface ReservationLine {
  sku: string;
  quantity: string;
}

/**
 * Reservations of stock, one an order.
 * States: (reserve) → held → (deduct) → deducted → (restore) → held; held → (release) → released, for good. What was restored is not deducted again.
 *
 * Each method works in the transaction that it is given; if it throws, that transaction must be rolled back. `key` is the step's; an undo touches only
 * what the step of that key did. Locks are taken on the reservation first, then on stock.
 */
@Injectable()
export class ReservationService {
  /**
   * Reserves all lines or none.
   * @throws {SkuUnknownError} {@link OutOfStockError} {@link OrderAlreadyReservedError}
   */
  async reserve(manager: EntityManager, key: string, { orderId, lines }: ReserveStockInput): Promise<ReserveStockResult> {
    const quantityOf = new Map<string, number>();
    for (const line of lines) quantityOf.set(line.sku, (quantityOf.get(line.sku) ?? 0) + line.quantity);
    const skus = [...quantityOf.keys()];

    // Before the stock: an insert waits for whoever changes the order's row at the time, who may be waiting for stock.
    const [made] = await queryRows<{ reservation_id: string }>(
      manager,
      `INSERT INTO reservation (order_id, state, reserved_by) VALUES ($1, 'held', $2) ON CONFLICT (order_id) DO NOTHING RETURNING reservation_id`,
      [orderId, key],
    );
    if (made === undefined) throw new OrderAlreadyReservedError(orderId);

    const available = await lockStock(manager, skus);
    const unknown = skus.filter((sku) => !available.has(sku));
    if (unknown.length > 0) throw new SkuUnknownError(orderId, unknown);
    const short: ShortLine[] = skus
      .map((sku) => ({ sku, requested: quantityOf.get(sku) ?? 0, available: available.get(sku) ?? 0 }))
      .filter((line) => line.requested > line.available);
    if (short.length > 0) throw new OutOfStockError(orderId, short);

    await queryRows(
      manager,
      `WITH requested AS (SELECT * FROM unnest($2::text[], $3::bigint[]) AS line (sku, quantity)),
        made_lines AS (INSERT INTO reservation_line (order_id, sku, quantity) SELECT $1, sku, quantity FROM requested),
        moved AS (INSERT INTO stock_movement (kind, order_id, sku, quantity) SELECT '${LEDGER_KIND.stockReserved}', $1, sku, quantity FROM requested),
        balanced AS (UPDATE stock SET reserved = reserved + requested.quantity FROM requested WHERE stock.sku = requested.sku)
      SELECT 1`,
      [orderId, skus, [...quantityOf.values()]],
    );
    return { reservationId: made.reservation_id };
  }

  /** @throws {ReservationStateError} unless the reservation is held and was never deducted */
  async deduct(manager: EntityManager, key: string, orderId: string): Promise<{ lines: number }> {
    const lines = await this.change(manager, { orderId, from: 'held', to: 'deducted', condition: 'deducted_by IS NULL', assignment: 'deducted_by = $4', parameter: key });
    if (lines === undefined) throw new ReservationStateError(orderId, await this.stateOf(manager, orderId), 'deduct');
    await queryRows(
      manager,
      `WITH lines AS (UPDATE reservation_line SET deducted = quantity WHERE order_id = $1 RETURNING sku, quantity),
        moved AS (INSERT INTO stock_movement (kind, order_id, sku, quantity) SELECT '${LEDGER_KIND.stockDeducted}', $1, sku, quantity FROM lines),
        balanced AS (
          UPDATE stock SET on_hand = on_hand - lines.quantity, reserved = reserved - lines.quantity FROM lines WHERE stock.sku = lines.sku)
      SELECT 1`,
      [orderId],
    );
    return { lines: lines.length };
  }

  /**
   * Undoes what the step `stepKey` reserved.
   * @returns false if there is nothing to undo
   * @throws {ReservationStateError} if the pieces have been deducted: that must be undone first
   */
  async release(manager: EntityManager, stepKey: string, orderId: string): Promise<boolean> {
    const lines = await this.change(manager, { orderId, from: 'held', to: 'released', condition: 'reserved_by = $4', parameter: stepKey });
    if (lines === undefined) {
      const state = await this.stateOf(manager, orderId, stepKey);
      if (state === 'deducted') throw new ReservationStateError(orderId, state, 'release');
      return false;
    }
    await queryRows(
      manager,
      `WITH lines AS (SELECT sku, quantity FROM reservation_line WHERE order_id = $1),
        moved AS (INSERT INTO stock_movement (kind, order_id, sku, quantity) SELECT '${LEDGER_KIND.stockReleased}', $1, sku, quantity FROM lines),
        balanced AS (UPDATE stock SET reserved = reserved - lines.quantity FROM lines WHERE stock.sku = lines.sku)
      SELECT 1`,
      [orderId],
    );
    return true;
  }

  /**
   * Undoes what the step `stepKey` deducted: the pieces are on hand and reserved again.
   * @returns false if there is nothing to undo
   * @throws {DeductionReturnedError} if pieces of the order have come back
   */
  async restore(manager: EntityManager, stepKey: string, orderId: string): Promise<boolean> {
    const lines = await this.change(manager, { orderId, from: 'deducted', to: 'held', condition: 'deducted_by = $4', parameter: stepKey });
    if (lines === undefined) return false;
    const returned = await queryRows(manager, 'SELECT 1 FROM reservation_line WHERE order_id = $1 AND returned > 0 LIMIT 1', [orderId]);
    if (returned.length > 0) throw new DeductionReturnedError(orderId);
    await queryRows(
      manager,
      `WITH lines AS (UPDATE reservation_line SET deducted = 0 WHERE order_id = $1 RETURNING sku, quantity),
        moved AS (INSERT INTO stock_movement (kind, order_id, sku, quantity) SELECT '${LEDGER_KIND.stockRestored}', $1, sku, quantity FROM lines),
        balanced AS (
          UPDATE stock SET on_hand = on_hand + lines.quantity, reserved = reserved + lines.quantity FROM lines WHERE stock.sku = lines.sku)
      SELECT 1`,
      [orderId],
    );
    return true;
  }

  /** Moves a reservation on if it is in the state `from` and locks its stock. @returns its lines, or undefined if it is not */
  private async change(
    manager: EntityManager,
    change: { orderId: string; from: ReservationState; to: ReservationState; condition: string; assignment?: string; parameter: string },
  ): Promise<ReservationLine[] | undefined> {
    const assignment = change.assignment === undefined ? '' : `, ${change.assignment}`;
    const changed = await queryRows(
      manager,
      `WITH changed AS (
          UPDATE reservation SET state = $3, changed_at = now()${assignment} WHERE order_id = $1 AND state = $2 AND ${change.condition} RETURNING order_id)
      SELECT 1 FROM changed`,
      [change.orderId, change.from, change.to, change.parameter],
    );
    if (changed.length === 0) return undefined;
    const lines = await queryRows<ReservationLine>(manager, 'SELECT sku, quantity FROM reservation_line WHERE order_id = $1', [change.orderId]);
    await lockStock(manager, lines.map((line) => line.sku));
    return lines;
  }

  private async stateOf(manager: EntityManager, orderId: string, reservedBy?: string): Promise<ReservationState | undefined> {
    const [row] = await queryRows<{ state: ReservationState }>(
      manager,
      'SELECT state FROM reservation WHERE order_id = $1 AND ($2::text IS NULL OR reserved_by = $2)',
      [orderId, reservedBy ?? null],
    );
    return row?.state;
  }
}
