import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ReconciliationReport } from '../src/reports/reconciliation.service.js';
import { createGatewayDatabase, GatewayUnderTest, type TestDatabase } from './gateway-under-test.js';

type Entry = [schema: string, kind: string, orderId: string | null, reference: string | null, sku: string | null, quantity: number | null, amountMinor: number | null];

/** One completed order with a completed return of a piece, one undone, one cancelled, one running: all as it should be. */
const CLEAN: Entry[] = [
  ['orchestrator', 'order', 'o1', 'completed', null, null, 500],
  ['orchestrator', 'order', 'o2', 'compensated', null, null, 300],
  ['orchestrator', 'order', 'o3', 'cancelled', null, null, 300],
  ['orchestrator', 'order', 'o4', 'running', null, null, 100],
  ['orchestrator', 'return', 'r1', 'completed', null, null, 100],
  ['inventory', 'stock.received', null, 'i1', 'A', 100, null],
  ['inventory', 'stock.reserved', 'o1', null, 'A', 5, null],
  ['inventory', 'stock.deducted', 'o1', null, 'A', 5, null],
  ['inventory', 'stock.reserved', 'o2', null, 'A', 3, null],
  ['inventory', 'stock.deducted', 'o2', null, 'A', 3, null],
  ['inventory', 'stock.restored', 'o2', null, 'A', 3, null],
  ['inventory', 'stock.released', 'o2', null, 'A', 3, null],
  ['inventory', 'stock.reserved', 'o4', null, 'A', 1, null],
  ['inventory', 'stock.returned', 'o1', 'r1', 'A', 1, null],
  ['inventory', 'balance.on-hand', null, null, 'A', 96, null],
  ['inventory', 'balance.reserved', null, null, 'A', 1, null],
  ['payment', 'payment.charged', 'o1', null, null, null, 500],
  ['payment', 'payment.refunded', 'o1', 'r1', null, null, 100],
  ['payment', 'payment.charged', 'o2', null, null, null, 300],
  ['payment', 'payment.reversed', 'o2', null, null, null, 300],
  ['payment', 'payment.charged', 'o4', null, null, null, 100],
  ['fulfilment', 'shipment.shipped', 'o1', null, 'A', 5, null],
];

describe('reconciliation', () => {
  let database: TestDatabase;
  let gateway: GatewayUnderTest;

  const insert = async (entries: Entry[]) => {
    for (const [schema, ...values] of entries) {
      await gateway.dataSource.query(
        `INSERT INTO ${schema}.ledger (kind, order_id, reference, sku, quantity, amount_minor, currency) VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $6::bigint IS NULL THEN NULL ELSE 'GBP' END)`,
        values,
      );
    }
  };
  const change = (sql: string) => gateway.dataSource.query(sql);
  const report = async (): Promise<ReconciliationReport> => (await gateway.send('GET', '/reports/reconciliation', { key: gateway.keys.viewer })).body;

  beforeAll(async () => {
    database = await createGatewayDatabase('reconciliation');
    gateway = await GatewayUnderTest.start(database);
    for (const schema of ['inventory', 'payment', 'fulfilment', 'orchestrator']) {
      await gateway.dataSource.query(`CREATE SCHEMA ${schema}`);
      await gateway.dataSource.query(
        `CREATE TABLE ${schema}.ledger (entry_id text NOT NULL DEFAULT gen_random_uuid()::text, kind text, order_id text, reference text, sku text, quantity bigint, amount_minor bigint,
         currency text, recorded_at timestamptz DEFAULT now())`,
      );
    }
  });
  beforeEach(async () => {
    await gateway.dataSource.query('TRUNCATE inventory.ledger, payment.ledger, fulfilment.ledger, orchestrator.ledger, gateway.return_line, gateway.order_return CASCADE');
    await insert(CLEAN);
    await gateway.dataSource.query(
      `INSERT INTO gateway.order_return (return_id, fingerprint, placed_by, return_order, amount_minor, status) VALUES ('r1', 'f', 'k', '{}', 100, 'completed')`,
    );
    await gateway.dataSource.query(`INSERT INTO gateway.return_line VALUES ('r1', 'o1', 'A', 100, 1)`);
  });
  afterAll(async () => {
    await gateway.stop();
    await database.drop();
  });

  it('finds nothing where all is well, and counts what runs without judging it', async () => {
    expect(await report()).toMatchObject({
      clean: true,
      checkedOrders: 3,
      runningOrders: 1,
      checkedReturns: 1,
      discrepancyCount: 0,
      discrepancies: [],
      totals: { money: { GBP: { charged: 800, reversed: 300, refunded: 100, net: 400, completedOrders: 500, completedReturns: 100, netExpected: 400 } } },
    });
  });

  it.each<[string, string, Partial<{ orderId: string; returnId: string; sku: string }>]>([
    ['order.unknown', `INSERT INTO inventory.ledger (kind, order_id, sku, quantity) VALUES ('stock.reserved', 'o9', 'A', 1)`, { orderId: 'o9', sku: 'A' }],
    ['order.unknown', `INSERT INTO payment.ledger (kind, order_id, amount_minor, currency) VALUES ('payment.charged', 'o9', 1, 'GBP')`, { orderId: 'o9' }],
    ['stock.reserved-twice', `INSERT INTO inventory.ledger (kind, order_id, sku, quantity) VALUES ('stock.reserved', 'o1', 'A', 5)`, { orderId: 'o1', sku: 'A' }],
    ['stock.released-too-much', `INSERT INTO inventory.ledger (kind, order_id, sku, quantity) VALUES ('stock.released', 'o4', 'A', 2)`, { orderId: 'o4' }],
    ['stock.deducted-too-much', `INSERT INTO inventory.ledger (kind, order_id, sku, quantity) VALUES ('stock.deducted', 'o4', 'A', 2)`, { orderId: 'o4' }],
    ['stock.restored-too-much', `INSERT INTO inventory.ledger (kind, order_id, sku, quantity) VALUES ('stock.restored', 'o4', 'A', 1)`, { orderId: 'o4' }],
    ['stock.returned-too-much', `UPDATE inventory.ledger SET quantity = 6 WHERE kind = 'stock.returned'`, { orderId: 'o1' }],
    ['stock.return-reverted-too-much', `INSERT INTO inventory.ledger (kind, order_id, reference, sku, quantity) VALUES ('stock.return-reverted', 'o1', 'r1', 'A', 2)`, { orderId: 'o1' }],
    ['shipment.cancelled-too-much', `INSERT INTO fulfilment.ledger (kind, order_id, sku, quantity) VALUES ('shipment.cancelled', 'o4', 'A', 1)`, { orderId: 'o4' }],
    ['shipment.shipped-too-much', `INSERT INTO fulfilment.ledger (kind, order_id, sku, quantity) VALUES ('shipment.shipped', 'o4', 'A', 2)`, { orderId: 'o4' }],
    ['order.reserved-not-deducted', `DELETE FROM inventory.ledger WHERE kind = 'stock.deducted' AND order_id = 'o1'`, { orderId: 'o1' }],
    ['order.reserved-not-shipped', `UPDATE fulfilment.ledger SET quantity = 4`, { orderId: 'o1', sku: 'A' }],
    ['order.reservation-not-undone', `DELETE FROM inventory.ledger WHERE kind = 'stock.released'`, { orderId: 'o2' }],
    ['order.deduction-not-undone', `DELETE FROM inventory.ledger WHERE kind = 'stock.restored'`, { orderId: 'o2' }],
    ['order.shipment-not-undone', `INSERT INTO fulfilment.ledger (kind, order_id, sku, quantity) VALUES ('shipment.shipped', 'o2', 'A', 3)`, { orderId: 'o2' }],
    ['payment.charged-twice', `INSERT INTO payment.ledger (kind, order_id, amount_minor, currency) VALUES ('payment.charged', 'o1', 500, 'GBP')`, { orderId: 'o1' }],
    ['payment.reversed-too-much', `INSERT INTO payment.ledger (kind, order_id, amount_minor, currency) VALUES ('payment.reversed', 'o4', 101, 'GBP')`, { orderId: 'o4' }],
    ['payment.refunded-too-much', `UPDATE payment.ledger SET amount_minor = 501 WHERE kind = 'payment.refunded'`, { orderId: 'o1' }],
    ['payment.wrong-currency', `UPDATE payment.ledger SET currency = 'EUR' WHERE order_id = 'o4'`, { orderId: 'o4' }],
    ['payment.charged-wrong-amount', `UPDATE payment.ledger SET amount_minor = 99 WHERE order_id = 'o4'`, { orderId: 'o4' }],
    ['order.charged-wrong-amount', `UPDATE payment.ledger SET amount_minor = 499 WHERE order_id = 'o1' AND kind = 'payment.charged'`, { orderId: 'o1' }],
    ['order.charge-not-undone', `DELETE FROM payment.ledger WHERE kind = 'payment.reversed'`, { orderId: 'o2' }],
    ['order.charged-wrong-amount', `UPDATE orchestrator.ledger SET amount_minor = NULL WHERE order_id = 'o1'`, { orderId: 'o1' }],
    ['order.charged-wrong-amount', `INSERT INTO orchestrator.ledger (kind, order_id, reference, amount_minor, currency) VALUES ('order', 'o9', 'completed', 10, 'GBP')`, { orderId: 'o9' }],
    ['order.never-reserved', `INSERT INTO orchestrator.ledger (kind, order_id, reference, amount_minor, currency) VALUES ('order', 'o9', 'completed', 10, 'GBP')`, { orderId: 'o9' }],
    ['order.never-shipped', `INSERT INTO orchestrator.ledger (kind, order_id, reference, amount_minor, currency) VALUES ('order', 'o9', 'completed', 10, 'GBP')`, { orderId: 'o9' }],
    ['order.reservation-not-undone', `UPDATE orchestrator.ledger SET reference = 'failed' WHERE order_id = 'o4'`, { orderId: 'o4' }],
    ['order.charge-not-undone', `UPDATE orchestrator.ledger SET reference = 'failed' WHERE order_id = 'o4'`, { orderId: 'o4' }],
    ['order.never-reserved', `DELETE FROM inventory.ledger WHERE order_id = 'o1'`, { orderId: 'o1' }],
    ['order.never-shipped', `DELETE FROM fulfilment.ledger`, { orderId: 'o1' }],
    ['return.unknown', `DELETE FROM orchestrator.ledger WHERE kind = 'return'`, { returnId: 'r1' }],
    ['return.refunded-wrong-amount', `UPDATE payment.ledger SET amount_minor = 99 WHERE kind = 'payment.refunded'`, { returnId: 'r1' }],
    ['return.refunded-too-much', `UPDATE orchestrator.ledger SET amount_minor = 99, reference = 'running' WHERE kind = 'return'`, { returnId: 'r1' }],
    ['return.refunded-wrong-amount', `UPDATE orchestrator.ledger SET amount_minor = NULL WHERE kind = 'return'`, { returnId: 'r1' }],
    ['return.wrong-refund', `UPDATE payment.ledger SET order_id = 'o4' WHERE kind = 'payment.refunded'`, { returnId: 'r1', orderId: 'o1' }],
    ['return.nothing-came-back', `DELETE FROM inventory.ledger WHERE kind = 'stock.returned'`, { returnId: 'r1' }],
    ['return.pieces-not-undone', `UPDATE orchestrator.ledger SET reference = 'compensated' WHERE kind = 'return'`, { returnId: 'r1' }],
    ['return.refund-without-return', `UPDATE orchestrator.ledger SET reference = 'compensated' WHERE kind = 'return'`, { returnId: 'r1' }],
    ['return.wrong-pieces', `UPDATE inventory.ledger SET quantity = 2 WHERE kind = 'stock.returned'`, { returnId: 'r1', orderId: 'o1', sku: 'A' }],
    ['balance.on-hand', `UPDATE inventory.ledger SET quantity = 95 WHERE kind = 'balance.on-hand'`, { sku: 'A' }],
    ['balance.reserved', `UPDATE inventory.ledger SET quantity = 2 WHERE kind = 'balance.reserved'`, { sku: 'A' }],
    ['balance.negative', `UPDATE inventory.ledger SET quantity = -1 WHERE kind = 'balance.reserved'`, { sku: 'A' }],
    ['balance.oversold', `UPDATE inventory.ledger SET quantity = 97 WHERE kind = 'balance.reserved'`, { sku: 'A' }],
    ['inventory.entry-twice', `INSERT INTO inventory.ledger SELECT * FROM inventory.ledger WHERE kind = 'stock.returned'`, { orderId: 'o1' }],
    ['total.money', `UPDATE payment.ledger SET amount_minor = 499 WHERE order_id = 'o1' AND kind = 'payment.charged'`, {}],
  ])('finds %s', async (kind, sql, where) => {
    await change(sql);
    const { clean, discrepancies } = await report();
    expect(clean).toBe(false);
    expect(discrepancies).toContainEqual(expect.objectContaining({ kind, ...where }));
  });

  it('compares totals to the penny, also where a floating point number would not', async () => {
    // 2^53 and one penny: as floats both sides would be equal.
    await change(`UPDATE orchestrator.ledger SET amount_minor = 9007199254740992 WHERE order_id = 'o1'`);
    await change(`UPDATE payment.ledger SET amount_minor = 9007199254740993 WHERE order_id = 'o1' AND kind = 'payment.charged'`);
    const { discrepancies } = await report();
    expect(discrepancies).toContainEqual(expect.objectContaining({ kind: 'total.money', currency: 'GBP' }));
  });

  it('lists at most 1,000 and counts all', async () => {
    await change(`INSERT INTO payment.ledger (kind, order_id, amount_minor, currency) SELECT 'payment.charged', 'x' || n, 1, 'GBP' FROM generate_series(1, 1500) AS n`);
    const { discrepancies, discrepancyCount } = await report();
    expect(discrepancies).toHaveLength(1_000);
    expect(discrepancyCount).toBe(1_501);
  });
});
