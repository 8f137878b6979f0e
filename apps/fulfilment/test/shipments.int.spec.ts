import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@backstitch/service-kit';
import pg from 'pg';
import type { Carrier, Consignment } from '../src/carrier/carrier.js';
import { SimulatedCarrier } from '../src/carrier/simulated-carrier.js';
import { AddressNotServedError, OrderAlreadyShippedError, ShipmentDispatchedError, ShipmentDispatchingError } from '../src/fulfilment-errors.js';
import { ShipmentDispatcher } from '../src/shipments/shipment-dispatcher.js';
import { ShipmentService } from '../src/shipments/shipment.service.js';
import { createFulfilmentDatabase, type FulfilmentDatabase } from './fulfilment-database.js';

const silent = createLogger({ service: 'spec', level: 'silent' });
const carrier = new SimulatedCarrier(['Atlantis']);
const shipments = new ShipmentService(carrier);
let database: FulfilmentDatabase;
let orderId: string;
let count = 0;

beforeAll(async () => {
  database = await createFulfilmentDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  orderId = `order-${++count}`;
  await database.dataSource.query(`UPDATE shipment SET state = 'cancelled', cancelled_at = now() WHERE state IN ('registered', 'dispatching')`);
});

const ship = (key = `${orderId}/1`, country = 'United Kingdom') =>
  database.transaction((manager) =>
    shipments.ship(manager, key, { orderId, lines: [{ sku: 'A', quantity: 2 }, { sku: 'B', quantity: 1 }], shippingAddress: { country } }),
  );
const cancel = (stepKey = `${orderId}/1`) => database.transaction((manager) => shipments.cancel(manager, stepKey, orderId));
const dispatch = (by: Carrier = carrier) => new ShipmentDispatcher(database.dataSource, by, silent).dispatchDue(0);
async function stateOf(order = orderId): Promise<string | undefined> {
  const [row] = (await database.dataSource.query('SELECT state FROM shipment WHERE order_id = $1', [order])) as { state: string }[];
  return row?.state;
}

describe('shipping', () => {
  it('given an address that is served, when an order is shipped, then its shipment is registered with its lines', async () => {
    const { shipmentId } = await ship();
    expect(shipmentId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await stateOf()).toBe('registered');
  });

  it.each(['Atlantis', ' ATLANTIS '])('given the country "%s" that is not served, when an order is shipped, then it is refused and nothing is registered', async (country) => {
    await expect(ship('key', country)).rejects.toBeInstanceOf(AddressNotServedError);
    expect(await stateOf()).toBeUndefined();
  });

  it('given an order that is shipped, when another step ships it too, then that is refused and its undo cancels nothing', async () => {
    await ship();
    await expect(ship('another-key')).rejects.toBeInstanceOf(OrderAlreadyShippedError);
    expect(await cancel('another-key')).toBe(false);
    expect(await stateOf()).toBe('registered');
  });
});

describe('cancelling', () => {
  it('given a shipment that waits, when it is cancelled twice, then it is cancelled once and never dispatched', async () => {
    await ship();
    expect(await cancel()).toBe(true);
    expect(await cancel()).toBe(false);
    expect(await dispatch()).toBe(0);
    expect(await stateOf()).toBe('cancelled');
  });

  it('given no shipment, when it is cancelled, then there is nothing to do', async () => {
    expect(await cancel()).toBe(false);
  });

  it('given a shipment that the carrier has, when it is cancelled, then it is refused for good', async () => {
    await ship();
    expect(await dispatch()).toBe(1);
    await expect(cancel()).rejects.toBeInstanceOf(ShipmentDispatchedError);
    expect(await stateOf()).toBe('dispatched');
  });
});

describe('the hand-over to the carrier', () => {
  /** Takes a consignment, then loses its answer. */
  class LossyCarrier extends SimulatedCarrier {
    readonly consigned: string[] = [];
    lost = false;
    override async consign(consignment: Consignment): Promise<{ trackingNumber: string }> {
      this.consigned.push(consignment.shipmentId);
      const answer = await super.consign(consignment);
      if (this.lost) return answer;
      this.lost = true;
      throw new Error('the answer was lost');
    }
  }

  it('given an answer that was lost, when the shipment is cancelled, then it must wait, and the next hand-over asks before it consigns again', async () => {
    const { shipmentId } = await ship();
    const lossy = new LossyCarrier();
    expect(await dispatch(lossy)).toBe(0);
    await expect(cancel()).rejects.toBeInstanceOf(ShipmentDispatchingError);
    expect(await dispatch(lossy)).toBe(0);
    await database.dataSource.query(`UPDATE shipment SET claimed_at = now() - interval '2 minutes' WHERE order_id = $1`, [orderId]);
    expect(await dispatch(lossy)).toBe(1);
    expect(lossy.consigned).toEqual([shipmentId]);
    await expect(cancel()).rejects.toBeInstanceOf(ShipmentDispatchedError);
  });

  it('given two replicas, when both hand over at once, then each shipment goes once', async () => {
    const orders = Array.from({ length: 20 }, (_, number) => `${orderId}-${number}`);
    for (const order of orders) {
      await database.transaction((manager) => shipments.ship(manager, order, { orderId: order, lines: [{ sku: 'A', quantity: 1 }], shippingAddress: { country: 'France' } }));
    }
    const consigned: string[] = [];
    class CountingCarrier extends SimulatedCarrier {
      override consign(consignment: Consignment): Promise<{ trackingNumber: string }> {
        consigned.push(consignment.shipmentId);
        return super.consign(consignment);
      }
    }
    const counts = await Promise.all([dispatch(new CountingCarrier()), dispatch(new CountingCarrier())]);
    expect(counts[0]! + counts[1]!).toBe(20);
    expect(new Set(consigned).size).toBe(20);
    expect(consigned).toHaveLength(20);
  });

  it('given shipments that are younger than the pick-up time, when the carrier comes, then they stay', async () => {
    await ship();
    expect(await new ShipmentDispatcher(database.dataSource, carrier, silent).dispatchDue(60_000)).toBe(0);
    expect(await stateOf()).toBe('registered');
  });
});

describe('the ledger', () => {
  it('given a shipment that was cancelled, when the auditor reads, then each line was shipped and cancelled; other services see nothing', async () => {
    await ship();
    await cancel();
    const auditor = new pg.Client({ connectionString: database.urls.auditor });
    const payment = new pg.Client({ connectionString: database.urls.payment });
    await Promise.all([auditor.connect(), payment.connect()]);
    try {
      const { rows } = await auditor.query('SELECT kind, sku, quantity, amount_minor, recorded_at FROM fulfilment.ledger WHERE order_id = $1 ORDER BY kind, sku', [orderId]);
      const entry = (kind: string, sku: string, quantity: string) => ({ kind, sku, quantity, amount_minor: null, recorded_at: expect.any(Date) });
      expect(rows).toEqual([
        entry('shipment.cancelled', 'A', '2'),
        entry('shipment.cancelled', 'B', '1'),
        entry('shipment.shipped', 'A', '2'),
        entry('shipment.shipped', 'B', '1'),
      ]);
      await expect(auditor.query('SELECT * FROM fulfilment.shipment')).rejects.toMatchObject({ code: '42501' });
      await expect(payment.query('SELECT * FROM fulfilment.ledger')).rejects.toMatchObject({ code: '42501' });
    } finally {
      await Promise.all([auditor.end(), payment.end()]);
    }
  });
});
