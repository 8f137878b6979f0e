import { LEDGER_KIND as K } from '@backstitch/contracts';

/**
 * The checks of reconciliation, each one set-based statement over the services' ledgers. Each gives rows of
 * `kind, order_id, return_id, sku, currency, expected, actual` for what is wrong, and nothing where all is well.
 *
 * Orders that run are judged only by what can never be; all others by how they ended: completed, or undone altogether.
 */
export interface ReconciliationCheck {
  name: string;
  sql: string;
}

const ORDERS = `"order" AS (
  SELECT order_id, reference AS status, amount_minor, currency FROM orchestrator.ledger WHERE kind = '${K.order}'
)`;
const RETURNS = `"return" AS (
  SELECT order_id AS return_id, reference AS status, amount_minor, currency FROM orchestrator.ledger WHERE kind = '${K.return}'
)`;

/** Pieces by order and SKU over inventory and fulfilment. */
const PIECES = `piece AS (
  SELECT order_id, sku,
    coalesce(sum(quantity) FILTER (WHERE kind = '${K.stockReserved}'), 0) AS reserved,
    count(*) FILTER (WHERE kind = '${K.stockReserved}') AS reservations,
    coalesce(sum(quantity) FILTER (WHERE kind = '${K.stockReleased}'), 0) AS released,
    coalesce(sum(quantity) FILTER (WHERE kind = '${K.stockDeducted}'), 0) AS deducted,
    coalesce(sum(quantity) FILTER (WHERE kind = '${K.stockRestored}'), 0) AS restored,
    coalesce(sum(quantity) FILTER (WHERE kind = '${K.stockReturned}'), 0) AS returned,
    coalesce(sum(quantity) FILTER (WHERE kind = '${K.stockReturnReverted}'), 0) AS reverted,
    coalesce(sum(quantity) FILTER (WHERE kind = '${K.shipmentShipped}'), 0) AS shipped,
    coalesce(sum(quantity) FILTER (WHERE kind = '${K.shipmentCancelled}'), 0) AS cancelled
  FROM (
    SELECT order_id, sku, kind, quantity FROM inventory.ledger WHERE order_id IS NOT NULL
    UNION ALL
    SELECT order_id, sku, kind, quantity FROM fulfilment.ledger
  ) AS entry
  GROUP BY 1, 2
)`;

/** Money by order. */
const MONEY = `money AS (
  SELECT order_id, min(currency) AS currency, count(DISTINCT currency) AS currencies,
    coalesce(sum(amount_minor) FILTER (WHERE kind = '${K.paymentCharged}'), 0) AS charged,
    count(*) FILTER (WHERE kind = '${K.paymentCharged}') AS charges,
    coalesce(sum(amount_minor) FILTER (WHERE kind = '${K.paymentReversed}'), 0) AS reversed,
    coalesce(sum(amount_minor) FILTER (WHERE kind = '${K.paymentRefunded}'), 0) AS refunded
  FROM payment.ledger GROUP BY 1
)`;

/** Both sides of each return, by return. */
const RETURNED = `returned AS (
  SELECT reference AS return_id,
    coalesce(sum(quantity) FILTER (WHERE kind = '${K.stockReturned}'), 0) - coalesce(sum(quantity) FILTER (WHERE kind = '${K.stockReturnReverted}'), 0) AS pieces,
    0::bigint AS refunded
  FROM inventory.ledger WHERE kind IN ('${K.stockReturned}', '${K.stockReturnReverted}') GROUP BY 1
  UNION ALL
  SELECT reference, 0, sum(amount_minor) FROM payment.ledger WHERE kind = '${K.paymentRefunded}' GROUP BY 1
), return_effect AS (
  SELECT return_id, sum(pieces) AS pieces, sum(refunded) AS refunded FROM returned GROUP BY 1
)`;

const CHECK_PIECES = `
  WITH ${ORDERS}, ${PIECES}, judged AS (
    SELECT piece.*, "order".status FROM piece LEFT JOIN "order" USING (order_id)
  )
  SELECT verdict.kind, order_id, NULL AS return_id, sku, NULL AS currency, verdict.expected, verdict.actual
  FROM judged CROSS JOIN LATERAL (VALUES
    ('order.unknown', 0, reserved, status IS NULL),
    ('stock.reserved-twice', 1, reservations, reservations > 1),
    ('stock.released-too-much', reserved, released, released > reserved),
    ('stock.deducted-too-much', reserved - released, deducted - restored, status IS DISTINCT FROM 'completed' AND deducted > reserved),
    ('stock.restored-too-much', deducted, restored, restored > deducted),
    ('stock.returned-too-much', deducted - restored, returned - reverted, returned - reverted > deducted - restored),
    ('stock.return-reverted-too-much', returned, reverted, reverted > returned),
    ('shipment.cancelled-too-much', shipped, cancelled, cancelled > shipped),
    ('shipment.shipped-too-much', reserved, shipped, status IS DISTINCT FROM 'completed' AND shipped > reserved),
    ('order.reserved-not-deducted', reserved - released, deducted - restored, status = 'completed' AND reserved - released <> deducted - restored),
    ('order.reserved-not-shipped', reserved - released, shipped - cancelled, status = 'completed' AND reserved - released <> shipped - cancelled),
    ('order.reservation-not-undone', 0, reserved - released, status IN ('compensated', 'cancelled', 'failed') AND reserved <> released),
    ('order.deduction-not-undone', 0, deducted - restored, status IN ('compensated', 'cancelled', 'failed') AND deducted <> restored),
    ('order.shipment-not-undone', 0, shipped - cancelled, status IN ('compensated', 'cancelled', 'failed') AND shipped <> cancelled)
  ) AS verdict (kind, expected, actual, is_wrong)
  WHERE verdict.is_wrong`;

const CHECK_MONEY = `
  WITH ${ORDERS}, ${MONEY}, judged AS (
    SELECT coalesce(money.order_id, "order".order_id) AS order_id, coalesce("order".currency, money.currency) AS order_currency, status, amount_minor,
      money.currency, coalesce(currencies, 0) AS currencies, coalesce(charged, 0) AS charged, coalesce(charges, 0) AS charges,
      coalesce(reversed, 0) AS reversed, coalesce(refunded, 0) AS refunded
    FROM "order" FULL JOIN money USING (order_id)
  )
  SELECT verdict.kind, order_id, NULL AS return_id, NULL AS sku, order_currency AS currency, verdict.expected, verdict.actual
  FROM judged CROSS JOIN LATERAL (VALUES
    ('order.unknown', 0, charged - reversed - refunded, status IS NULL),
    ('payment.charged-twice', 1, charges, charges > 1),
    ('payment.reversed-too-much', charged, reversed, reversed > charged),
    ('payment.refunded-too-much', charged - reversed, refunded, refunded > charged - reversed),
    ('payment.wrong-currency', 0, currencies, currencies > 1 OR (currencies = 1 AND status IS NOT NULL AND currency <> order_currency)),
    ('payment.charged-wrong-amount', amount_minor, charged, status = 'running' AND charges > 0 AND charged IS DISTINCT FROM amount_minor),
    ('order.charged-wrong-amount', amount_minor, charged - reversed, status = 'completed' AND charged - reversed IS DISTINCT FROM amount_minor),
    ('order.charge-not-undone', 0, charged - reversed, status IN ('compensated', 'cancelled', 'failed') AND charged <> reversed)
  ) AS verdict (kind, expected, actual, is_wrong)
  WHERE verdict.is_wrong`;

/** A completed order that left no trace in a service at all. */
const CHECK_COMPLETED = `
  WITH ${ORDERS},
    reserved AS MATERIALIZED (SELECT DISTINCT order_id FROM inventory.ledger WHERE kind = '${K.stockReserved}'),
    shipped AS MATERIALIZED (SELECT DISTINCT order_id FROM fulfilment.ledger WHERE kind = '${K.shipmentShipped}')
  SELECT missing.kind, order_id, NULL AS return_id, NULL AS sku, NULL AS currency, 1 AS expected, 0 AS actual
  FROM "order" CROSS JOIN LATERAL (VALUES
    ('order.never-reserved', NOT EXISTS (SELECT FROM reserved WHERE reserved.order_id = "order".order_id)),
    ('order.never-shipped', NOT EXISTS (SELECT FROM shipped WHERE shipped.order_id = "order".order_id))
  ) AS missing (kind, is_wrong)
  WHERE status = 'completed' AND missing.is_wrong`;

const CHECK_RETURNS = `
  WITH ${RETURNS}, ${RETURNED}, judged AS (
    SELECT coalesce("return".return_id, return_effect.return_id) AS return_id, status, amount_minor, currency,
      coalesce(pieces, 0) AS pieces, coalesce(refunded, 0) AS refunded
    FROM "return" FULL JOIN return_effect USING (return_id)
  )
  SELECT verdict.kind, NULL AS order_id, return_id, NULL AS sku, currency, verdict.expected, verdict.actual
  FROM judged CROSS JOIN LATERAL (VALUES
    ('return.unknown', 0, pieces + refunded, status IS NULL),
    ('return.refunded-wrong-amount', amount_minor, refunded, status = 'completed' AND refunded IS DISTINCT FROM amount_minor),
    ('return.refunded-too-much', amount_minor, refunded, status = 'running' AND refunded > amount_minor),
    ('return.nothing-came-back', 1, pieces, status = 'completed' AND pieces <= 0),
    ('return.pieces-not-undone', 0, pieces, status IN ('compensated', 'cancelled', 'failed') AND pieces <> 0),
    ('return.refund-without-return', 0, refunded, status IN ('compensated', 'cancelled', 'failed') AND refunded <> 0)
  ) AS verdict (kind, expected, actual, is_wrong)
  WHERE verdict.is_wrong`;

const CHECK_BALANCES = `
  WITH entry AS (
    SELECT sku, kind, sum(quantity) AS quantity FROM inventory.ledger GROUP BY 1, 2
  ), balance AS (
    SELECT sku,
      coalesce(sum(quantity) FILTER (WHERE kind IN ('${K.stockReceived}', '${K.stockRestored}', '${K.stockReturned}')), 0)
        - coalesce(sum(quantity) FILTER (WHERE kind IN ('${K.stockDeducted}', '${K.stockReturnReverted}')), 0) AS on_hand_expected,
      coalesce(sum(quantity) FILTER (WHERE kind = '${K.balanceOnHand}'), 0) AS on_hand,
      coalesce(sum(quantity) FILTER (WHERE kind IN ('${K.stockReserved}', '${K.stockRestored}')), 0)
        - coalesce(sum(quantity) FILTER (WHERE kind IN ('${K.stockReleased}', '${K.stockDeducted}')), 0) AS reserved_expected,
      coalesce(sum(quantity) FILTER (WHERE kind = '${K.balanceReserved}'), 0) AS reserved
    FROM entry GROUP BY 1
  )
  SELECT verdict.kind, NULL AS order_id, NULL AS return_id, sku, NULL AS currency, verdict.expected, verdict.actual
  FROM balance CROSS JOIN LATERAL (VALUES
    ('balance.on-hand', on_hand_expected, on_hand, on_hand <> on_hand_expected),
    ('balance.reserved', reserved_expected, reserved, reserved <> reserved_expected),
    ('balance.negative', 0, least(on_hand, reserved), least(on_hand, reserved) < 0),
    ('balance.oversold', on_hand, reserved, reserved > on_hand)
  ) AS verdict (kind, expected, actual, is_wrong)
  WHERE verdict.is_wrong`;

/** Each entry of a ledger stands once. */
const CHECK_ENTRIES = ['inventory', 'payment', 'fulfilment', 'orchestrator']
  .map(
    (schema) => `
  SELECT '${schema}.entry-twice' AS kind, min(order_id) AS order_id, min(reference) AS return_id, min(sku) AS sku, min(currency) AS currency, 1 AS expected, count(*) AS actual
  FROM ${schema}.ledger GROUP BY kind, entry_id HAVING count(*) > 1`,
  )
  .join(' UNION ALL ');

/** The money of orders and returns that have ended, by currency: net takings against the value of what was sold and kept. */
export const MONEY_TOTALS = `
  WITH ${ORDERS}, ${RETURNS}, entry AS (
    SELECT payment.kind, payment.currency, payment.amount_minor,
      coalesce(CASE WHEN payment.kind = '${K.paymentRefunded}' THEN "return".status ELSE "order".status END, 'unknown') AS status
    FROM payment.ledger AS payment
    LEFT JOIN "order" ON "order".order_id = payment.order_id
    LEFT JOIN "return" ON "return".return_id = payment.reference
  ), moved AS (
    SELECT currency,
      coalesce(sum(amount_minor) FILTER (WHERE kind = '${K.paymentCharged}' AND status <> 'running'), 0) AS charged,
      coalesce(sum(amount_minor) FILTER (WHERE kind = '${K.paymentReversed}' AND status <> 'running'), 0) AS reversed,
      coalesce(sum(amount_minor) FILTER (WHERE kind = '${K.paymentRefunded}' AND status <> 'running'), 0) AS refunded
    FROM entry GROUP BY 1
  ), valued AS (
    SELECT currency, sum(sold) AS sold, sum(given_back) AS given_back FROM (
      SELECT currency, amount_minor AS sold, 0 AS given_back FROM "order" WHERE status = 'completed'
      UNION ALL
      SELECT currency, 0, amount_minor FROM "return" WHERE status = 'completed'
    ) AS value GROUP BY 1
  )
  SELECT coalesce(moved.currency, valued.currency) AS currency, coalesce(charged, 0) AS charged, coalesce(reversed, 0) AS reversed, coalesce(refunded, 0) AS refunded,
    coalesce(sold, 0) AS completed_orders, coalesce(given_back, 0) AS completed_returns
  FROM moved FULL JOIN valued USING (currency) ORDER BY 1`;

export const PIECE_TOTALS = `
  SELECT kind, count(DISTINCT sku) AS skus, sum(quantity) AS quantity FROM inventory.ledger GROUP BY 1
  UNION ALL
  SELECT kind, count(DISTINCT sku), sum(quantity) FROM fulfilment.ledger GROUP BY 1`;

export const RUN_COUNTS = `
  SELECT kind, reference AS status, count(*) AS count FROM orchestrator.ledger WHERE kind IN ('${K.order}', '${K.return}') GROUP BY 1, 2`;

/**
 * Whether what came back of a return, in pieces and in money, is what was decided for each of its orders; $1 to $5: return, order, SKU, quantity and
 * price of the decision.
 */
export const CHECK_RETURN_LINES = `
  WITH decided AS (
    SELECT return_id, order_id, sku, sum(quantity) AS quantity, sum(quantity * unit_price_minor) AS refund_minor
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS line (return_id, order_id, sku, quantity, unit_price_minor) GROUP BY 1, 2, 3
  ), completed AS (
    SELECT order_id AS return_id FROM orchestrator.ledger WHERE kind = '${K.return}' AND reference = 'completed' AND order_id = ANY($1)
  ), came_back AS (
    SELECT reference AS return_id, order_id, sku, sum(CASE kind WHEN '${K.stockReturned}' THEN quantity ELSE -quantity END) AS quantity
    FROM inventory.ledger WHERE kind IN ('${K.stockReturned}', '${K.stockReturnReverted}') AND reference = ANY($1) GROUP BY 1, 2, 3
  ), to_refund AS (
    SELECT return_id, order_id, sum(refund_minor) AS amount_minor FROM decided GROUP BY 1, 2
  ), refunded AS (
    SELECT reference AS return_id, order_id, min(currency) AS currency, sum(amount_minor) AS amount_minor
    FROM payment.ledger WHERE kind = '${K.paymentRefunded}' AND reference = ANY($1) GROUP BY 1, 2
  )
  SELECT 'return.wrong-pieces' AS kind, order_id, return_id, sku, NULL AS currency, coalesce(decided.quantity, 0) AS expected, coalesce(came_back.quantity, 0) AS actual
  FROM decided FULL JOIN came_back USING (return_id, order_id, sku) JOIN completed USING (return_id)
  WHERE coalesce(decided.quantity, 0) <> coalesce(came_back.quantity, 0)
  UNION ALL
  SELECT 'return.wrong-refund', order_id, return_id, NULL, currency, coalesce(to_refund.amount_minor, 0), coalesce(refunded.amount_minor, 0)
  FROM to_refund FULL JOIN refunded USING (return_id, order_id) JOIN completed USING (return_id)
  WHERE coalesce(to_refund.amount_minor, 0) <> coalesce(refunded.amount_minor, 0)`;

export const RECONCILIATION_CHECKS: readonly ReconciliationCheck[] = [
  { name: 'pieces', sql: CHECK_PIECES },
  { name: 'money', sql: CHECK_MONEY },
  { name: 'completed', sql: CHECK_COMPLETED },
  { name: 'returns', sql: CHECK_RETURNS },
  { name: 'balances', sql: CHECK_BALANCES },
  { name: 'entries', sql: CHECK_ENTRIES },
];
