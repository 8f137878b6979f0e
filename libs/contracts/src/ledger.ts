/**
 * What the view `ledger` of each service's schema offers to the auditor: one row an entry, the same columns everywhere:
 * `entry_id text, kind text, order_id text, reference text, sku text, quantity bigint, amount_minor bigint, currency text, recorded_at timestamptz`.
 * `reference` is the return's or intake's id where there is one. Columns that do not apply are null.
 */
export const LEDGER_KIND = {
  /** inventory: pieces that came in with a stock intake. */
  stockReceived: 'stock.received',
  stockReserved: 'stock.reserved',
  stockReleased: 'stock.released',
  stockDeducted: 'stock.deducted',
  stockRestored: 'stock.restored',
  stockReturned: 'stock.returned',
  stockReturnReverted: 'stock.return-reverted',
  /** inventory: one row a SKU, as it stands now; no order. */
  balanceOnHand: 'balance.on-hand',
  balanceReserved: 'balance.reserved',
  /** payment, in minor units. */
  paymentCharged: 'payment.charged',
  /** payment: the undo of a charge. */
  paymentReversed: 'payment.reversed',
  /** payment: a return's refund. */
  paymentRefunded: 'payment.refunded',
  /** fulfilment: one row a line. */
  shipmentShipped: 'shipment.shipped',
  shipmentCancelled: 'shipment.cancelled',
  /** orchestrator: one row an order, `reference` its status: running, completed, compensated, cancelled, failed. */
  order: 'order',
  /** orchestrator: one row a return, `order_id` its return id, `reference` its status as above. */
  return: 'return',
} as const;
