import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ORDER_SEARCH_ATTRIBUTES, orderWorkflowId, type Order, type OrderResult } from '@backstitch/contracts';
import type { Sandbox } from '@backstitch/engine';
import type { Failure, JsonValue } from '@backstitch/protocol';
import { bundleWorkflows, createInThreadSandbox, type WorkflowBundle } from '@backstitch/orchestrator';
import { EngineHarness } from '@backstitch/testing';

const ORDER: Order = {
  orderId: '7',
  customerId: 'c1',
  currency: 'GBP',
  amountMinor: 1290,
  paymentToken: 'tok_visa',
  lines: [
    { sku: 'A', quantity: 2, unitPriceMinor: 500 },
    { sku: 'A', quantity: 1, unitPriceMinor: 200 },
    { sku: 'B', quantity: 1, unitPriceMinor: 90 },
  ],
  shippingAddress: { country: 'United Kingdom' },
};
const ID = orderWorkflowId(ORDER.orderId);

function refusal(type: string): Failure {
  return { message: `refused: ${type}`, applicationFailureInfo: { type, nonRetryable: true } };
}

let bundle: WorkflowBundle;
let sandbox: Sandbox;
let harness: EngineHarness;

beforeAll(async () => {
  bundle = await bundleWorkflows({ workflowsPath: fileURLToPath(new URL('./index.ts', import.meta.url)) });
  sandbox = createInThreadSandbox({ bundle });
});
afterAll(() => sandbox?.close());
beforeEach(async () => {
  harness = new EngineHarness(sandbox, { searchAttributes: ORDER_SEARCH_ATTRIBUTES });
  await harness.start('orderWorkflow', ID, ORDER as unknown as JsonValue);
  await harness.settled();
});

async function statusOf(): Promise<JsonValue | undefined> {
  return (await harness.describe(ID)).searchAttributes['OrderStatus']?.[0];
}

async function resultOf(): Promise<OrderResult> {
  return (await harness.describe(ID)).result as unknown as OrderResult;
}

describe('orderWorkflow', () => {
  it('given services that do their work, when the order runs, then each step is asked once, in order, and the order is completed', async () => {
    const reserve = await harness.complete('reserveStock', { reservationId: 'r1' });
    expect(reserve.input).toEqual([{ orderId: '7', lines: [{ sku: 'A', quantity: 3 }, { sku: 'B', quantity: 1 }] }]);
    expect(await statusOf()).toBe('charging');
    const charge = await harness.complete('chargePayment', { chargeId: 'ch1' });
    expect(charge.input).toEqual([{ orderId: '7', amountMinor: 1290, currency: 'GBP', paymentToken: 'tok_visa' }]);
    expect(await statusOf()).toBe('shipping');
    await harness.complete('shipOrder', { shipmentId: 's1' });
    await harness.complete('deductStock', { lines: 2 });
    expect(await resultOf()).toEqual({ status: 'completed', chargeId: 'ch1', shipmentId: 's1' });
    expect(await statusOf()).toBe('completed');
    expect((await harness.describe(ID)).status).toBe('COMPLETED');
    expect(harness.dispatcher.waiting()).toEqual([]);
  });

  it('given a running order, when its status is queried, then it is told', async () => {
    const ask = () => harness.engine.query(ID, 'status', []);
    expect(await ask()).toBe('reserving');
    await harness.complete('reserveStock', { reservationId: 'r1' });
    expect(await ask()).toBe('charging');
  });

  it('given a declined card, when the step is refused, then its own undo and the reservation run in reverse, and the reason is told', async () => {
    await harness.complete('reserveStock', { reservationId: 'r1' });
    await harness.fail('chargePayment', refusal('PaymentDeclined'));
    expect(await statusOf()).toBe('compensating');
    expect(harness.dispatcher.waiting().map(({ taskQueue, job }) => [taskQueue, job.activityType])).toEqual([['payment.compensation', 'refundPayment']]);
    await harness.complete('refundPayment', { refundedMinor: 0 });
    const release = await harness.complete('releaseStock', { released: true });
    expect(release.input).toMatchObject([{ result: { reservationId: 'r1' } }]);
    expect(await resultOf()).toEqual({ status: 'compensated', reason: 'PaymentDeclined', failedStep: 'chargePayment' });
    expect(await statusOf()).toBe('compensated');
  });

  it('given an address that is not served, when shipping is refused, then shipment, charge and reservation are undone in that order', async () => {
    await harness.complete('reserveStock', { reservationId: 'r1' });
    await harness.complete('chargePayment', { chargeId: 'ch1' });
    await harness.fail('shipOrder', refusal('AddressNotServed'));
    for (const undo of ['cancelShipment', 'refundPayment', 'releaseStock']) await harness.complete(undo, {});
    expect(await resultOf()).toEqual({ status: 'compensated', reason: 'AddressNotServed', failedStep: 'shipOrder' });
  });

  it('given an order that is being charged, when it is cancelled, then the step is cancelled, its undos run, and the run is cancelled', async () => {
    await harness.complete('reserveStock', { reservationId: 'r1' });
    const charging = harness.dispatcher.take('chargePayment');
    await harness.engine.cancel(ID, 'no longer wanted');
    await harness.settled();
    await harness.answer(charging, { status: 'canceled' });
    expect(await statusOf()).toBe('compensating');
    await harness.complete('refundPayment', {});
    await harness.complete('releaseStock', {});
    expect((await harness.describe(ID)).status).toBe('CANCELED');
    expect(await statusOf()).toBe('cancelled');
  });

  it('given an order that is being charged, when it is cancelled and the step fails in passing, then the run is cancelled too', async () => {
    await harness.complete('reserveStock', { reservationId: 'r1' });
    const charging = harness.dispatcher.take('chargePayment');
    await harness.engine.cancel(ID, 'no longer wanted');
    await harness.settled();
    await harness.answer(charging, { status: 'failed', failure: { message: 'the provider has a bad hour' } });
    await harness.complete('refundPayment', {});
    await harness.complete('releaseStock', {});
    expect((await harness.describe(ID)).status).toBe('CANCELED');
    expect(await statusOf()).toBe('cancelled');
  });

  it('given a failure that is no refusal, when a step fails, then it is tried again and nothing is undone', async () => {
    await harness.fail('reserveStock', { message: 'the database restarts' });
    await harness.advance(1_000);
    await harness.complete('reserveStock', { reservationId: 'r1' });
    expect(await statusOf()).toBe('charging');
  });

  it('given a crash between any two steps, when another engine goes on, then the order ends as if nothing had happened', async () => {
    for (const [step, result] of [['reserveStock', { reservationId: 'r1' }], ['chargePayment', { chargeId: 'ch1' }], ['shipOrder', { shipmentId: 's1' }], ['deductStock', { lines: 2 }]] as const) {
      await harness.restart();
      await harness.complete(step, result);
    }
    expect(await resultOf()).toMatchObject({ status: 'completed' });
    expect(harness.dispatcher.dispatched).toHaveLength(4);
  });
});

describe('the bundle of the workflows', () => {
  it('given the contracts that workflows share with services, when the workflows are bundled, then nothing of zod comes along', () => {
    expect(bundle.workflowTypes.toSorted()).toEqual(['orderWorkflow', 'returnWorkflow', 'stockIntakeWorkflow']);
    expect(bundle.code).not.toMatch(/zod/i);
    expect(bundle.code.length).toBeLessThan(40_000);
  });
});
