import { EventEmitter } from 'node:events';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActivityOutcome } from '@backstitch/protocol';
import { WorkWire } from '@backstitch/testing';
import { queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { bootstrapService, createLogger, queueConnectionFrom, type RunningService } from '@backstitch/service-kit';
import { connectActivities } from '@backstitch/activity';
import { AppModule } from '../src/app.module.js';
import { configurationSchema, type InventoryConfiguration } from '../src/configuration.js';
import { balances } from './balances.js';
import { createInventoryDatabase, type InventoryDatabase } from './inventory-database.js';

const silent = createLogger({ service: 'inventory', level: 'silent' });

function failureOf({ outcome }: ActivityOutcome) {
  return outcome.status === 'failed' ? outcome.failure.applicationFailureInfo : outcome;
}

describe.each(queueBackendsUnderTest())('inventory with its queues on %s', (backend) => {
  let database: InventoryDatabase;
  let service: RunningService<InventoryConfiguration>;
  let wire: WorkWire;

  beforeAll(async () => {
    database = await createInventoryDatabase({ queues: backend });
    service = await bootstrapService({
      service: 'inventory',
      configuration: configurationSchema,
      module: (configuration, context) => AppModule.forRoot(configuration, context),
      configure: (app) => connectActivities(app),
      env: {
        PORT: '0',
        DATABASE_URL: database.urls.inventory,
        ...(backend === 'redis' ? { REDIS_URL: testRedisUrl(), QUEUE_PREFIX: database.name } : {}),
      },
      process: Object.assign(new EventEmitter(), { exit: () => undefined }),
      logger: silent,
    });
    const connection = queueConnectionFrom(service.configuration);
    wire = new WorkWire('inventory', connection.backend === 'postgres' ? { ...connection, url: database.urls.orchestrator } : connection);
    await wire.attempt({ activityType: 'receiveStock', input: [{ intakeId: 'intake', items: [{ sku: 'a', quantity: 10 }, { sku: 'B', quantity: 1 }] }] });
  });
  afterAll(async () => {
    await wire?.close();
    await service?.stop();
    await database?.drop();
  });

  const balanceOf = async (sku: string) => (await balances(database.dataSource.manager))[sku];

  it('given the service is up, when its readiness is asked, then its database and queues are checked', async () => {
    expect(await (await fetch(`${service.url}/health/ready`)).json()).toMatchObject({
      status: 'ready',
      checks: { database: { status: 'up' }, queues: { status: 'up' } },
    });
  });

  it('given a step, when it is delivered twice, then it has its effect once and the same result', async () => {
    const key = `${randomUUID()}/5`;
    const attempt = { activityType: 'reserveStock', input: [{ orderId: 'twice', lines: [{ sku: 'a', quantity: 2 }] }], key };
    const [first, second] = [await wire.attempt(attempt), await wire.attempt(attempt)];
    expect(first.outcome).toEqual({ status: 'completed', result: { reservationId: expect.any(String) } });
    expect(second).toMatchObject({ outcome: first.outcome, repeated: true });
    expect(await balanceOf('A')).toEqual({ onHand: 10, reserved: 2 });
  });

  it('given too little stock or an unknown SKU, when an order is reserved, then the refusal is final and lists the lines', async () => {
    const short = await wire.attempt({ activityType: 'reserveStock', input: [{ orderId: 'short', lines: [{ sku: 'a', quantity: 1 }, { sku: 'b', quantity: 2 }] }] });
    expect(failureOf(short)).toMatchObject({ type: 'OutOfStock', nonRetryable: true, details: [{ sku: 'B', requested: 2, available: 1 }] });
    const unknown = await wire.attempt({ activityType: 'reserveStock', input: [{ orderId: 'unknown', lines: [{ sku: 'z', quantity: 1 }] }] });
    expect(failureOf(unknown)).toMatchObject({ type: 'SkuUnknown', nonRetryable: true, details: [{ sku: 'Z' }] });
  });

  it('given an input that breaks the contract, when it is delivered, then the failure is final and points at each violation', async () => {
    const outcome = await wire.attempt({ activityType: 'reserveStock', input: [{ orderId: 'bad', lines: [{ sku: 'a', quantity: 0 }] }] });
    expect(failureOf(outcome)).toMatchObject({ type: 'InvalidActivityInput', nonRetryable: true, details: [{ pointer: '/lines/0/quantity' }] });
  });

  it('given an undo that comes before its step, when the step comes, then it is refused', async () => {
    const stepKey = `${randomUUID()}/5`;
    const input = { orderId: 'late', lines: [{ sku: 'a', quantity: 1 }] };
    const undo = await wire.attempt({ activityType: 'releaseStock', input: [{ input }], undoOf: { key: stepKey, activityType: 'reserveStock' } });
    expect(undo.outcome).toEqual({ status: 'completed', result: { released: false } });
    const step = await wire.attempt({ activityType: 'reserveStock', input: [input], key: stepKey });
    expect(failureOf(step)).toMatchObject({ type: 'BackstitchStepUndone', nonRetryable: true });
  });

  it('given an order that was reserved, deducted and returned, when all is undone in reverse, then the stock is as before', async () => {
    const before = await balanceOf('A');
    const keys = [`${randomUUID()}/5`, `${randomUUID()}/8`, `${randomUUID()}/11`] as const;
    const order = { orderId: 'whole', lines: [{ sku: 'A', quantity: 3 }] };
    const comesBack = { returnId: 'whole-return', parts: [{ orderId: 'whole', lines: [{ sku: 'A', quantity: 1 }] }] };
    await wire.attempt({ activityType: 'reserveStock', input: [order], key: keys[0] });
    const deducted = await wire.attempt({ activityType: 'deductStock', input: [{ orderId: 'whole' }], key: keys[1] });
    expect(deducted.outcome).toEqual({ status: 'completed', result: { lines: 1 } });
    await wire.attempt({ activityType: 'receiveReturn', input: [comesBack], key: keys[2] });
    expect(await balanceOf('A')).toEqual({ onHand: before!.onHand - 2, reserved: before!.reserved });

    const undos = [
      await wire.attempt({ activityType: 'revertReturn', input: [{ input: comesBack }], undoOf: { key: keys[2], activityType: 'receiveReturn' } }),
      await wire.attempt({ activityType: 'restoreStock', input: [{ input: { orderId: 'whole' } }], undoOf: { key: keys[1], activityType: 'deductStock' } }),
      await wire.attempt({ activityType: 'releaseStock', input: [{ input: order }], undoOf: { key: keys[0], activityType: 'reserveStock' } }),
    ];
    expect(undos.map(({ outcome }) => (outcome.status === 'completed' ? outcome.result : outcome))).toEqual([{ reverted: true }, { restored: true }, { released: true }]);
    expect(await balanceOf('A')).toEqual(before);
  });

  it('given what has run, when metrics are scraped, then attempts and failures are counted by activity', async () => {
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(/backstitch_activity_failures_total\{[^}]*failure_type="OutOfStock"[^}]*\} 1/);
  });
});
