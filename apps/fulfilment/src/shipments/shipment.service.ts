import type { ShipOrderInput, ShipOrderResult } from '@backstitch/contracts';
import { queryRows } from '@backstitch/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CARRIER, type Carrier } from '../carrier/carrier.js';
import { AddressNotServedError, OrderAlreadyShippedError, ShipmentDispatchedError, ShipmentDispatchingError } from '../fulfilment-errors.js';

type ShipmentState = 'registered' | 'dispatching' | 'dispatched' | 'cancelled';

/**
 * Shipments, one an order.
 * States: (ship) → registered → (hand over, see ShipmentDispatcher) dispatching → dispatched; registered → (cancel) → cancelled.
 *
 * Shipping only registers: the carrier is called later, on the strength of the committed row. So each method here works wholly in the transaction
 * that it is given; if it throws, that must be rolled back.
 */
@Injectable()
export class ShipmentService {
  constructor(@Inject(CARRIER) private readonly carrier: Carrier) {}

  /** @throws {AddressNotServedError} {@link OrderAlreadyShippedError} */
  async ship(manager: EntityManager, key: string, { orderId, lines, shippingAddress }: ShipOrderInput): Promise<ShipOrderResult> {
    if (!this.carrier.serves(shippingAddress.country)) throw new AddressNotServedError(orderId, shippingAddress.country);
    const quantityOf = new Map<string, number>();
    for (const line of lines) quantityOf.set(line.sku, (quantityOf.get(line.sku) ?? 0) + line.quantity);
    const [made] = await queryRows<{ shipment_id: string }>(
      manager,
      `WITH made AS (
          INSERT INTO shipment (order_id, state, shipped_by, shipping_address) VALUES ($1, 'registered', $2, $3)
          ON CONFLICT (order_id) DO NOTHING RETURNING shipment_id),
        made_lines AS (
          INSERT INTO shipment_line (order_id, sku, quantity)
          SELECT $1, sku, quantity FROM unnest($4::text[], $5::bigint[]) AS line (sku, quantity), made)
      SELECT shipment_id FROM made`,
      [orderId, key, JSON.stringify(shippingAddress), [...quantityOf.keys()], [...quantityOf.values()]],
    );
    if (made === undefined) throw new OrderAlreadyShippedError(orderId);
    return { shipmentId: made.shipment_id };
  }

  /**
   * Undoes what the step `stepKey` shipped.
   * @returns false if there is nothing to undo
   * @throws {ShipmentDispatchedError} for good; {@link ShipmentDispatchingError} for now
   */
  async cancel(manager: EntityManager, stepKey: string, orderId: string): Promise<boolean> {
    const cancelled = await queryRows(
      manager,
      `WITH cancelled AS (
          UPDATE shipment SET state = 'cancelled', cancelled_at = now()
          WHERE order_id = $1 AND shipped_by = $2 AND state = 'registered' RETURNING order_id)
      SELECT 1 FROM cancelled`,
      [orderId, stepKey],
    );
    if (cancelled.length > 0) return true;
    const [shipment] = await queryRows<{ state: ShipmentState; tracking_number: string | null }>(
      manager,
      'SELECT state, tracking_number FROM shipment WHERE order_id = $1 AND shipped_by = $2',
      [orderId, stepKey],
    );
    switch (shipment?.state) {
      case undefined:
      case 'cancelled':
        return false;
      case 'dispatched':
        throw new ShipmentDispatchedError(orderId, shipment?.tracking_number ?? null);
      // Registered: it was freed between the two statements by a failed hand-over; the next attempt cancels it.
      case 'registered':
      case 'dispatching':
        throw new ShipmentDispatchingError(orderId);
    }
  }
}
