import type { Order, OrderResult, OrderStatus } from '@backstitch/contracts';
import { defineQuery, saga, setHandler, upsertSearchAttributes } from '@backstitch/workflow';
import { fulfilment, fulfilmentUndos, inventory, inventoryUndos, payment, paymentUndos } from './activities.js';
import { piecesBySku } from './pieces.js';
import { sagaEndOf } from './refusal.js';

/** Where the order stands. */
export const orderStatusQuery = defineQuery<OrderStatus>('status');

/**
 * Reserve the stock, charge, ship, take the goods off the stock. If a step is refused, or the order is cancelled, what was done is undone in
 * reverse order.
 *
 * @returns what became of the order; a cancelled one throws its cancellation, after its undos
 */
export async function orderWorkflow(order: Order): Promise<OrderResult> {
  // Whoever starts the workflow sets this status on it, so that it costs no event.
  let status: OrderStatus = 'reserving';
  const enter = (next: OrderStatus) => {
    status = next;
    upsertSearchAttributes({ OrderStatus: [next] });
  };
  setHandler(orderStatusQuery, () => status);

  const { orderId, amountMinor, currency, paymentToken, shippingAddress } = order;
  const lines = piecesBySku(order.lines);
  try {
    return await saga({ onCompensating: () => enter('compensating') }, async (steps) => {
      await steps.step(inventory.reserveStock, { orderId, lines }, { undo: inventoryUndos.releaseStock });
      enter('charging');
      const { chargeId } = await steps.step(
        payment.chargePayment,
        { orderId, amountMinor, currency, paymentToken },
        { undo: paymentUndos.refundPayment },
      );
      enter('shipping');
      const { shipmentId } = await steps.step(
        fulfilment.shipOrder,
        { orderId, lines, shippingAddress },
        { undo: fulfilmentUndos.cancelShipment },
      );
      await steps.step(inventory.deductStock, { orderId }, { undo: inventoryUndos.restoreStock });
      enter('completed');
      return { status: 'completed', chargeId, shipmentId };
    });
  } catch (error) {
    const end = sagaEndOf(error);
    enter(end.kind);
    if (end.kind === 'cancelled') throw end.failure;
    if (end.kind === 'failed') throw error;
    return { status: 'compensated', reason: end.reason, failedStep: end.failedStep };
  }
}
