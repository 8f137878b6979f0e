import { EventEmitter } from 'node:events';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActivityOutcome } from '@backstitch/protocol';
import { WorkWire } from '@backstitch/testing';
import { queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { bootstrapService, createLogger, queueConnectionFrom, type RunningService } from '@backstitch/service-kit';
import { connectActivities } from '@backstitch/activity';
import { AppModule } from '../src/app.module.js';
import { configurationSchema, type FulfilmentConfiguration } from '../src/configuration.js';
import { ShipmentDispatcher } from '../src/shipments/shipment-dispatcher.js';
import { createFulfilmentDatabase, type FulfilmentDatabase } from './fulfilment-database.js';

const silent = createLogger({ service: 'fulfilment', level: 'silent' });

function failureOf({ outcome }: ActivityOutcome) {
  return outcome.status === 'failed' ? outcome.failure.applicationFailureInfo : outcome;
}

describe.each(queueBackendsUnderTest())('fulfilment with its queues on %s', (backend) => {
  let database: FulfilmentDatabase;
  let service: RunningService<FulfilmentConfiguration>;
  let wire: WorkWire;

  beforeAll(async () => {
    database = await createFulfilmentDatabase({ queues: backend });
    service = await bootstrapService({
      service: 'fulfilment',
      configuration: configurationSchema,
      module: (configuration, context) => AppModule.forRoot(configuration, context),
      configure: (app) => connectActivities(app),
      env: {
        PORT: '0',
        DATABASE_URL: database.urls.fulfilment,
        COUNTRIES_NOT_SERVED: 'Atlantis, Elbonia',
        ...(backend === 'redis' ? { REDIS_URL: testRedisUrl(), QUEUE_PREFIX: database.name } : {}),
      },
      process: Object.assign(new EventEmitter(), { exit: () => undefined }),
      logger: silent,
    });
    const connection = queueConnectionFrom(service.configuration);
    wire = new WorkWire('fulfilment', connection.backend === 'postgres' ? { ...connection, url: database.urls.orchestrator } : connection);
  });
  afterAll(async () => {
    await wire?.close();
    await service?.stop();
    await database?.drop();
  });

  const orderTo = (orderId: string, country = 'France') => ({ orderId, lines: [{ sku: 'a', quantity: 2 }], shippingAddress: { country } });
  const cancel = (key: string, orderId: string) =>
    wire.attempt({ activityType: 'cancelShipment', input: [{ input: orderTo(orderId) }], undoOf: { key, activityType: 'shipOrder' } });

  it('given an order, when it is shipped twice under its key and then cancelled, then there is one shipment and it is cancelled once', async () => {
    const key = `${randomUUID()}/8`;
    const attempt = { activityType: 'shipOrder', input: [orderTo('one')], key };
    const [first, second] = [await wire.attempt(attempt), await wire.attempt(attempt)];
    expect(first.outcome).toEqual({ status: 'completed', result: { shipmentId: expect.any(String) } });
    expect(second).toMatchObject({ outcome: first.outcome, repeated: true });
    expect((await cancel(key, 'one')).outcome).toEqual({ status: 'completed', result: { cancelled: true } });
    const entries = await database.dataSource.query(`SELECT kind, sku, quantity FROM ledger WHERE order_id = 'one' ORDER BY kind`);
    expect(entries).toEqual([
      { kind: 'shipment.cancelled', sku: 'A', quantity: '2' },
      { kind: 'shipment.shipped', sku: 'A', quantity: '2' },
    ]);
  });

  it('given a country that is not served, when an order goes there, then the refusal is final, and its undo has nothing to do', async () => {
    const key = `${randomUUID()}/8`;
    const refused = await wire.attempt({ activityType: 'shipOrder', input: [orderTo('far', 'elbonia')], key });
    expect(failureOf(refused)).toMatchObject({ type: 'AddressNotServed', nonRetryable: true, details: [{ country: 'elbonia' }] });
    expect((await cancel(key, 'far')).outcome).toEqual({ status: 'completed', result: { cancelled: false } });
  });

  it('given a shipment that the carrier has, when it is cancelled, then the refusal is final', async () => {
    const key = `${randomUUID()}/8`;
    await wire.attempt({ activityType: 'shipOrder', input: [orderTo('gone')], key });
    expect(await service.app.get(ShipmentDispatcher).dispatchDue(0)).toBe(1);
    expect(failureOf(await cancel(key, 'gone'))).toMatchObject({ type: 'ShipmentDispatched', nonRetryable: true });
  });
});
