import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { StockIntakeService } from '../src/intake/stock-intake.service.js';
import { ReservationService } from '../src/reservations/reservation.service.js';
import { ReturnService } from '../src/returns/return.service.js';
import { balances, balancesByLedger } from './balances.js';
import { createInventoryDatabase, type InventoryDatabase } from './inventory-database.js';

const reservations = new ReservationService();
const returns = new ReturnService();
const intake = new StockIntakeService();
const SKUS = ['A', 'B', 'C', 'D', 'E'];
let database: InventoryDatabase;

beforeAll(async () => {
  database = await createInventoryDatabase();
});
afterAll(() => database.drop());

/** Mulberry32: a small generator of numbers below 1, given by its seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Refusals that the rules of the game allow; anything else, above all a constraint's violation or a deadlock, fails the test. */
const REFUSALS = new Set(['OUT_OF_STOCK', 'ORDER_ALREADY_RESERVED', 'RESERVATION_STATE', 'DEDUCTION_RETURNED', 'RETURN_EXCEEDS_SALE', 'RETURN_ALREADY_RECEIVED', 'RETURNED_PIECES_RESERVED']);

describe('the ledger', () => {
  it('given random steps and undos at the same time, when all have ended, then it adds up to the balances and nothing is oversold', async () => {
    const seed = Number(process.env['TEST_SEED'] ?? randomInt(2 ** 31));
    console.info(`seed ${seed} (TEST_SEED repeats it)`);
    const random = generator(seed);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
    await database.transaction((manager) => intake.receive(manager, { intakeId: 'first', items: SKUS.map((sku) => ({ sku, quantity: 30 })) }));

    const orders = Array.from({ length: 60 }, (_, number) => `order-${number}`);
    const returnIds = Array.from({ length: 10 }, (_, number) => `return-${number}`);
    const someLines = () => [...SKUS].sort(() => random() - 0.5).slice(0, 1 + Math.floor(random() * 4)).map((sku) => ({ sku, quantity: 1 + Math.floor(random() * 4) }));
    const done: Record<string, number> = {};
    const step = async (): Promise<void> => {
      const order = pick(orders);
      const returnId = pick(returnIds);
      const [name, work] = pick<[string, () => Promise<unknown>]>([
        ['reserve', () => database.transaction((manager) => reservations.reserve(manager, `${order}/1`, { orderId: order, lines: someLines() }))],
        ['deduct', () => database.transaction((manager) => reservations.deduct(manager, `${order}/2`, order))],
        ['restore', () => database.transaction((manager) => reservations.restore(manager, `${order}/2`, order))],
        ['release', () => database.transaction((manager) => reservations.release(manager, `${order}/1`, order))],
        [
          'return',
          () => {
            const parts = [...new Set([order, pick(orders)])].map((orderId) => ({ orderId, lines: someLines() }));
            return database.transaction((manager) => returns.receive(manager, `${returnId}/1`, { returnId, parts }));
          },
        ],
        ['revert', () => database.transaction((manager) => returns.revert(manager, `${returnId}/1`, returnId))],
      ]);
      // Which steps run together is the database's choice; which steps there are is the seed's.
      try {
        await work();
        done[name] = (done[name] ?? 0) + 1;
      } catch (error) {
        if (!REFUSALS.has((error as { code: string }).code)) throw error;
      }
    };
    for (let round = 0; round < 80; round++) await Promise.all(Array.from({ length: 10 }, step));

    const stock = await balances(database.dataSource.manager);
    expect(await balancesByLedger(database.dataSource.manager)).toEqual(stock);
    for (const { onHand, reserved } of Object.values(stock)) {
      expect(reserved).toBeGreaterThanOrEqual(0);
      expect(reserved).toBeLessThanOrEqual(onHand);
    }
    // Balances are also what reservations and returns say, line by line.
    const [difference] = (await database.dataSource.query(`
      SELECT count(*)::int AS differing FROM stock
      LEFT JOIN (SELECT sku, sum(quantity - deducted) FILTER (WHERE state = 'held') AS held, sum(deducted - returned) AS gone
                 FROM reservation_line JOIN reservation USING (order_id) GROUP BY sku) AS lines USING (sku)
      WHERE reserved <> coalesce(held, 0) OR on_hand <> 30 - coalesce(gone, 0)`)) as { differing: number }[];
    expect(difference?.differing).toBe(0);
    // A game in which nothing happens proves nothing.
    expect(Object.keys(done)).toEqual(expect.arrayContaining(['reserve', 'deduct', 'release']));
  });

  it('given an entry, when it is changed or removed, then the database refuses it', async () => {
    await database.transaction((manager) => intake.receive(manager, { intakeId: 'append-only', items: [{ sku: 'KEPT', quantity: 1 }] }));
    for (const change of ['UPDATE stock_movement SET quantity = 2', 'DELETE FROM stock_movement', 'TRUNCATE stock_movement']) {
      await expect(database.dataSource.query(change)).rejects.toMatchObject({ message: 'stock_movement is append-only' });
    }
  });

  it('given a movement that is there, when it is written again, then the database refuses it', async () => {
    const write = () => database.dataSource.query(`INSERT INTO stock_movement (kind, order_id, sku, quantity) VALUES ('stock.reserved', 'twice', 'A', 1)`);
    await database.dataSource.transaction(async (manager) => {
      await manager.query(`INSERT INTO stock_movement (kind, order_id, sku, quantity) VALUES ('stock.reserved', 'once', 'A', 1)`);
    });
    await write();
    await expect(write()).rejects.toMatchObject({ constraint: 'stock_movement_once' });
  });

  it('given the auditor, when it reads, then it sees the ledger and nothing behind it; other services see neither', async () => {
    const auditor = new pg.Client({ connectionString: database.urls.auditor });
    const payment = new pg.Client({ connectionString: database.urls.payment });
    await Promise.all([auditor.connect(), payment.connect()]);
    try {
      const { rows } = await auditor.query(`SELECT * FROM inventory.ledger WHERE sku = 'KEPT' ORDER BY kind`);
      expect(rows).toEqual([
        expect.objectContaining({ kind: 'balance.on-hand', quantity: '1', order_id: null, recorded_at: expect.any(Date) }),
        expect.objectContaining({ kind: 'balance.reserved', quantity: '0' }),
        { entry_id: expect.stringMatching(/^movement\/\d+$/), kind: 'stock.received', order_id: null, reference: 'append-only', sku: 'KEPT', quantity: '1', amount_minor: null, currency: null, recorded_at: expect.any(Date) },
      ]);
      for (const table of ['stock', 'reservation', 'stock_movement']) {
        await expect(auditor.query(`SELECT * FROM inventory.${table}`)).rejects.toMatchObject({ code: '42501' });
      }
      await expect(payment.query('SELECT * FROM inventory.ledger')).rejects.toMatchObject({ code: '42501' });
    } finally {
      await Promise.all([auditor.end(), payment.end()]);
    }
  });
});
