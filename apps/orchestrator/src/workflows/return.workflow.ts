import type { ReturnOrder, ReturnResult, ReturnStatus } from '@backstitch/contracts';
import { CancellationScope, defineQuery, saga, setHandler, upsertSearchAttributes } from '@backstitch/workflow';
import { inventory, inventoryUndos, payment } from './activities.js';
import { piecesBySku } from './pieces.js';
import { sagaEndOf } from './refusal.js';

/** Where the return stands. */
export const returnStatusQuery = defineQuery<ReturnStatus>('status');

/**
 * Takes the goods back on stock, then gives the money back. The refund has no undo: it refuses before any money moves, and once it has moved
 * there is only forward, so that a cancellation does not reach it.
 */
export async function returnWorkflow(order: ReturnOrder): Promise<ReturnResult> {
  // Whoever starts the workflow sets this status on it, so that it costs no event.
  let status: ReturnStatus = 'restocking';
  const enter = (next: ReturnStatus) => {
    status = next;
    upsertSearchAttributes({ ReturnStatus: [next] });
  };
  setHandler(returnStatusQuery, () => status);

  const { returnId } = order;
  const goods = order.parts.map(({ orderId, lines }) => ({ orderId, lines: piecesBySku(lines) }));
  const refunds = order.parts.map(({ orderId, refundMinor, currency }) => ({ orderId, refundMinor, currency }));
  try {
    return await saga({ onCompensating: () => enter('compensating') }, async (steps) => {
      await steps.step(inventory.receiveReturn, { returnId, parts: goods }, { undo: inventoryUndos.revertReturn });
      enter('refunding');
      await CancellationScope.nonCancellable(() => steps.step(payment.refundReturn, { returnId, parts: refunds }, { undo: 'none' }));
      enter('completed');
      return { status: 'completed' };
    });
  } catch (error) {
    const end = sagaEndOf(error);
    enter(end.kind);
    if (end.kind === 'cancelled') throw end.failure;
    if (end.kind === 'failed') throw error;
    return { status: 'compensated', reason: end.reason, failedStep: end.failedStep };
  }
}
