import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { StockIntakeService } from '../src/intake/stock-intake.service.js';
import { OrderAlreadyReservedError, OutOfStockError, ReservationStateError, SkuUnknownError } from '../src/inventory-errors.js';
import { ReservationService } from '../src/reservations/reservation.service.js';
import { balances } from './balances.js';
import { createInventoryDatabase, type InventoryDatabase } from './inventory-database.js';

const reservations = new ReservationService();
const intake = new StockIntakeService();
let database: InventoryDatabase;
let intakes = 0;

beforeAll(async () => {
  database = await createInventoryDatabase({ poolMax: 40 });
});
afterAll(() => database.drop());

/** SKUs of their own for each test, under a prefix. */
let prefix: string;
beforeEach(() => {
  prefix = `T${++intakes}-`;
});

async function stocked(items: Record<string, number>): Promise<void> {
  await database.transaction((manager) =>
    intake.receive(manager, { intakeId: prefix, items: Object.entries(items).map(([sku, quantity]) => ({ sku: prefix + sku, quantity })) }),
  );
}
function linesOf(lines: Record<string, number>) {
  return Object.entries(lines).map(([sku, quantity]) => ({ sku: prefix + sku, quantity }));
}
const reserve = (order: string, lines: Record<string, number>, key = `${prefix}${order}/reserve`) =>
  database.transaction((manager) => reservations.reserve(manager, key, { orderId: prefix + order, lines: linesOf(lines) }));
const release = (order: string, stepKey = `${prefix}${order}/reserve`) => database.transaction((manager) => reservations.release(manager, stepKey, prefix + order));
const deduct = (order: string, key = `${prefix}${order}/deduct`) => database.transaction((manager) => reservations.deduct(manager, key, prefix + order));
const restore = (order: string, stepKey = `${prefix}${order}/deduct`) => database.transaction((manager) => reservations.restore(manager, stepKey, prefix + order));
async function balance(sku: string) {
  return (await balances(database.dataSource.manager))[prefix + sku];
}

describe('reserving', () => {
  it('given the last 10 pieces, when 200 orders want one each at the same time, then 10 get one and 190 are told what is left', async () => {
    await stocked({ LAST: 10 });
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, (_, number) => reserve(`order-${number}`, { LAST: 1 })));
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(outcomes.length - refusals.length).toBe(10);
    expect(refusals.every((refusal) => refusal instanceof OutOfStockError)).toBe(true);
    expect(refusals[0]).toMatchObject({ lines: [{ sku: `${prefix}LAST`, requested: 1, available: 0 }] });
    expect(await balance('LAST')).toEqual({ onHand: 10, reserved: 10 });
  });

  it('given code that forgets to look, when more is reserved than is on hand, then the database refuses it', async () => {
    await stocked({ LAST: 10 });
    await expect(database.dataSource.query('UPDATE stock SET reserved = 11 WHERE sku = $1', [`${prefix}LAST`])).rejects.toMatchObject({
      code: '23514',
      constraint: 'stock_never_oversold',
    });
  });

  it('given orders that list the same SKUs in opposite order, when many run at once with their undos, then none deadlocks', async () => {
    const skus = Array.from({ length: 12 }, (_, number) => `S${number}`);
    await stocked(Object.fromEntries(skus.map((sku) => [sku, 1_000])));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 120 }, async (_, number) => {
        const order = `order-${number}`;
        await reserve(order, Object.fromEntries((number % 2 === 0 ? skus : [...skus].reverse()).map((sku) => [sku, 1])));
        if (number % 3 === 0) await release(order);
        else if (number % 3 === 1) await deduct(order);
        else await deduct(order).then(() => restore(order));
      }),
    );
    expect(outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))).toEqual([]);
    expect(await balance('S0')).toEqual({ onHand: 960, reserved: 40 });
  });

  it('given one line that is short, when an order is reserved, then nothing is, and each short line is told', async () => {
    await stocked({ A: 5, B: 1, C: 0 });
    await expect(reserve('order', { A: 1, B: 2, C: 3 })).rejects.toMatchObject({
      lines: [
        { sku: `${prefix}B`, requested: 2, available: 1 },
        { sku: `${prefix}C`, requested: 3, available: 0 },
      ],
    });
    expect(await balance('A')).toEqual({ onHand: 5, reserved: 0 });
  });

  it('given a SKU that was never received, when an order is reserved, then it is refused as unknown', async () => {
    await stocked({ A: 5 });
    await expect(reserve('order', { A: 1, X: 1 })).rejects.toEqual(new SkuUnknownError(`${prefix}order`, [`${prefix}X`]));
  });

  it('given an order of 700 lines, when it is reserved and deducted, then all lines are', async () => {
    const lines = Object.fromEntries(Array.from({ length: 700 }, (_, number) => [`L${number}`, (number % 7) + 1]));
    await stocked(Object.fromEntries(Object.keys(lines).map((sku) => [sku, 10])));
    await reserve('order', lines);
    expect(await deduct('order')).toEqual({ lines: 700 });
    expect(await balance('L6')).toEqual({ onHand: 3, reserved: 0 });
  });

  it('given an order that is reserved, when another step reserves it too, then that is refused and its undo releases nothing', async () => {
    await stocked({ A: 5 });
    await reserve('order', { A: 2 });
    await expect(reserve('order', { A: 2 }, 'another-key')).rejects.toBeInstanceOf(OrderAlreadyReservedError);
    expect(await release('order', 'another-key')).toBe(false);
    expect(await balance('A')).toEqual({ onHand: 5, reserved: 2 });
  });

  it('given lines that name one SKU twice, when they are reserved, then their sum is', async () => {
    await stocked({ A: 5 });
    const twice = [...linesOf({ A: 2 }), ...linesOf({ A: 3 })];
    await database.transaction((manager) => reservations.reserve(manager, 'twice', { orderId: `${prefix}order`, lines: twice }));
    expect(await balance('A')).toEqual({ onHand: 5, reserved: 5 });
  });
});

describe('undoing', () => {
  it('given a reservation, when it is released twice, then the pieces come free once', async () => {
    await stocked({ A: 5 });
    await reserve('order', { A: 2 });
    expect(await release('order')).toBe(true);
    expect(await release('order')).toBe(false);
    expect(await balance('A')).toEqual({ onHand: 5, reserved: 0 });
  });

  it('given an order that was never reserved, when it is released, then there is nothing to do', async () => {
    expect(await release('order')).toBe(false);
  });

  it('given a deduction, when it is restored and the reservation released, then the stock is as before', async () => {
    await stocked({ A: 5 });
    await reserve('order', { A: 2 });
    await deduct('order');
    expect(await balance('A')).toEqual({ onHand: 3, reserved: 0 });
    expect(await restore('order')).toBe(true);
    expect(await restore('order')).toBe(false);
    expect(await balance('A')).toEqual({ onHand: 5, reserved: 2 });
    expect(await release('order')).toBe(true);
    expect(await balance('A')).toEqual({ onHand: 5, reserved: 0 });
  });

  it('given a deduction, when the reservation is released first, then it is refused', async () => {
    await stocked({ A: 5 });
    await reserve('order', { A: 2 });
    await deduct('order');
    await expect(release('order')).rejects.toEqual(new ReservationStateError(`${prefix}order`, 'deducted', 'release'));
  });

  it('given no reservation, or one that was released or deducted, when it is deducted, then it is refused', async () => {
    await stocked({ A: 5 });
    await expect(deduct('none')).rejects.toBeInstanceOf(ReservationStateError);
    await reserve('released', { A: 1 });
    await release('released');
    await expect(deduct('released')).rejects.toMatchObject({ state: 'released' });
    await reserve('deducted', { A: 1 });
    await deduct('deducted');
    await expect(deduct('deducted', 'another-key')).rejects.toMatchObject({ state: 'deducted' });
    await restore('deducted');
    await expect(deduct('deducted', 'a-third-key')).rejects.toMatchObject({ state: 'held' });
  });
});

describe('stock intake', () => {
  it('given known and new SKUs and one listed twice, when they come in, then only new ones are added, once', async () => {
    await stocked({ A: 5 });
    const items = [...linesOf({ A: 9, B: 7, C: 0 }), ...linesOf({ B: 1 })];
    expect(await database.transaction((manager) => intake.receive(manager, { intakeId: 'second', items }))).toEqual({ added: 2, known: 2 });
    expect([await balance('A'), await balance('B'), await balance('C')]).toEqual([
      { onHand: 5, reserved: 0 },
      { onHand: 7, reserved: 0 },
      { onHand: 0, reserved: 0 },
    ]);
  });

  it('given the same 2,500 new SKUs in opposite order, when two intakes come at once, then each SKU is added once', async () => {
    const items = Array.from({ length: 2_500 }, (_, number) => ({ sku: `${prefix}${number}`, quantity: 1 }));
    const results = await Promise.all(
      [items, [...items].reverse()].map((list, number) => database.transaction((manager) => intake.receive(manager, { intakeId: `${prefix}${number}`, items: list }))),
    );
    expect(results.reduce((sum, result) => sum + result.added, 0)).toBe(2_500);
  });
});
