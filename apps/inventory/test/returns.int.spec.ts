import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { StockIntakeService } from '../src/intake/stock-intake.service.js';
import { DeductionReturnedError, ReturnAlreadyReceivedError, ReturnedPiecesReservedError, ReturnExceedsSaleError } from '../src/inventory-errors.js';
import { ReservationService } from '../src/reservations/reservation.service.js';
import { ReturnService } from '../src/returns/return.service.js';
import { balances } from './balances.js';
import { createInventoryDatabase, type InventoryDatabase } from './inventory-database.js';

const reservations = new ReservationService();
const returns = new ReturnService();
const intake = new StockIntakeService();
let database: InventoryDatabase;
let sku: string;
let count = 0;

beforeAll(async () => {
  database = await createInventoryDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  sku = `R${++count}`;
  await database.transaction((manager) => intake.receive(manager, { intakeId: sku, items: [{ sku, quantity: 10 }] }));
});

async function reserved(order: string, quantity: number): Promise<void> {
  await database.transaction((manager) => reservations.reserve(manager, `${sku}/${order}/reserve`, { orderId: `${sku}-${order}`, lines: [{ sku, quantity }] }));
}
async function sold(order: string, quantity: number): Promise<void> {
  await reserved(order, quantity);
  await database.transaction((manager) => reservations.deduct(manager, `${sku}/${order}/deduct`, `${sku}-${order}`));
}
function receive(returnId: string, orders: Record<string, number>, key = `${sku}/${returnId}`) {
  const parts = Object.entries(orders).map(([order, quantity]) => ({ orderId: `${sku}-${order}`, lines: [{ sku, quantity }] }));
  return database.transaction((manager) => returns.receive(manager, key, { returnId: `${sku}-${returnId}`, parts }));
}
function revert(returnId: string, stepKey = `${sku}/${returnId}`) {
  return database.transaction((manager) => returns.revert(manager, stepKey, `${sku}-${returnId}`));
}
async function balance() {
  return (await balances(database.dataSource.manager))[sku];
}

describe('receiving a return', () => {
  it('given two sales, when a return spans both, then the pieces are on hand again', async () => {
    await sold('one', 3);
    await sold('two', 2);
    expect(await receive('return', { one: 1, two: 2 })).toEqual({ returnId: `${sku}-return` });
    expect(await balance()).toEqual({ onHand: 8, reserved: 0 });
  });

  it('given a sale of which some came back, when a return wants more than the rest, then nothing is received and the line is told', async () => {
    await sold('one', 3);
    await sold('two', 2);
    await receive('first', { one: 2 });
    await expect(receive('second', { one: 2, two: 1 })).rejects.toMatchObject({ lines: [{ orderId: `${sku}-one`, sku, requested: 2, returnable: 1 }] });
    expect(await balance()).toEqual({ onHand: 7, reserved: 0 });
  });

  it('given an order that is only reserved, or none, when a return comes for it, then it is refused', async () => {
    await reserved('held', 3);
    await expect(receive('early', { held: 1 })).rejects.toBeInstanceOf(ReturnExceedsSaleError);
    await expect(receive('stray', { none: 1 })).rejects.toBeInstanceOf(ReturnExceedsSaleError);
  });

  it('given a sale of 3, when 20 returns of one piece come at the same time, then 3 are received', async () => {
    await sold('one', 3);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, number) => receive(`return-${number}`, { one: 1 })));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(3);
    expect(await balance()).toEqual({ onHand: 10, reserved: 0 });
  });

  it('given code that forgets to look, when more comes back than was deducted, then the database refuses it', async () => {
    await sold('one', 3);
    await expect(database.dataSource.query('UPDATE reservation_line SET returned = 4 WHERE order_id = $1', [`${sku}-one`])).rejects.toMatchObject({
      constraint: 'reservation_line_never_over_returned',
    });
  });

  it('given a return that was received, when another step receives it again, then it is refused', async () => {
    await sold('one', 3);
    await receive('return', { one: 1 });
    await expect(receive('return', { one: 1 }, 'another-key')).rejects.toBeInstanceOf(ReturnAlreadyReceivedError);
  });

  it('given a sale of which some came back, when its deduction is undone, then it is refused', async () => {
    await sold('one', 3);
    await receive('return', { one: 1 });
    await expect(database.transaction((manager) => reservations.restore(manager, `${sku}/one/deduct`, `${sku}-one`))).rejects.toBeInstanceOf(DeductionReturnedError);
  });
});

describe('reverting a return', () => {
  it('given a return, when it is reverted twice, then the pieces leave once and may be returned again', async () => {
    await sold('one', 3);
    await receive('return', { one: 3 });
    expect(await revert('return')).toBe(true);
    expect(await revert('return')).toBe(false);
    expect(await balance()).toEqual({ onHand: 7, reserved: 0 });
    await receive('again', { one: 3 });
    expect(await balance()).toEqual({ onHand: 10, reserved: 0 });
  });

  it('given a return of another step, or none, when it is reverted, then there is nothing to do', async () => {
    await sold('one', 3);
    await receive('return', { one: 3 });
    expect(await revert('return', 'another-key')).toBe(false);
    expect(await revert('none')).toBe(false);
  });

  it('given returned pieces that another order has reserved, when the return is reverted, then it must wait until they are free', async () => {
    await sold('one', 10);
    await receive('return', { one: 4 });
    await reserved('two', 3);
    await expect(revert('return')).rejects.toEqual(new ReturnedPiecesReservedError(`${sku}-return`, [{ sku, requested: 4, available: 1 }]));
    await database.transaction((manager) => reservations.release(manager, `${sku}/two/reserve`, `${sku}-two`));
    expect(await revert('return')).toBe(true);
    expect(await balance()).toEqual({ onHand: 0, reserved: 0 });
  });
});
