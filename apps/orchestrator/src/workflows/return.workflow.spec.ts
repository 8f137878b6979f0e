import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ORDER_SEARCH_ATTRIBUTES, returnWorkflowId, type ReturnOrder } from '@backstitch/contracts';
import type { Sandbox } from '@backstitch/engine';
import type { JsonValue } from '@backstitch/protocol';
import { bundleWorkflows, createInThreadSandbox } from '@backstitch/orchestrator';
import { EngineHarness } from '@backstitch/testing';

const RETURN: ReturnOrder = {
  returnId: 'r7',
  customerId: 'c1',
  amountMinor: 500,
  parts: [{ orderId: '7', currency: 'GBP', lines: [{ sku: 'A', quantity: 1, unitPriceMinor: 500 }], refundMinor: 500 }],
};
const ID = returnWorkflowId(RETURN.returnId);

let sandbox: Sandbox;
let harness: EngineHarness;

beforeAll(async () => {
  sandbox = createInThreadSandbox({ bundle: await bundleWorkflows({ workflowsPath: fileURLToPath(new URL('./index.ts', import.meta.url)) }) });
});
afterAll(() => sandbox?.close());
beforeEach(async () => {
  harness = new EngineHarness(sandbox, { searchAttributes: ORDER_SEARCH_ATTRIBUTES });
  await harness.start('returnWorkflow', ID, RETURN as unknown as JsonValue);
  await harness.settled();
});

const described = () => harness.describe(ID);

describe('returnWorkflow', () => {
  it('given goods that came back, when the return runs, then they are restocked first and the money goes back second', async () => {
    const received = await harness.complete('receiveReturn', { returnId: 'r7' });
    expect(received.input).toEqual([{ returnId: 'r7', parts: [{ orderId: '7', lines: [{ sku: 'A', quantity: 1 }] }] }]);
    expect((await described()).searchAttributes['ReturnStatus']).toEqual(['refunding']);
    const refund = await harness.complete('refundReturn', { refundIds: ['re1'] });
    expect(refund.input).toEqual([{ returnId: 'r7', parts: [{ orderId: '7', refundMinor: 500, currency: 'GBP' }] }]);
    expect(await described()).toMatchObject({ status: 'COMPLETED', result: { status: 'completed' } });
  });

  it('given a refund that is refused, when no money has moved, then the goods leave the stock again', async () => {
    await harness.complete('receiveReturn', { returnId: 'r7' });
    await harness.fail('refundReturn', { message: 'too much', applicationFailureInfo: { type: 'RefundExceedsCharge', nonRetryable: true } });
    await harness.complete('revertReturn', { reverted: true });
    expect(await described()).toMatchObject({
      status: 'COMPLETED',
      result: { status: 'compensated', reason: 'RefundExceedsCharge', failedStep: 'refundReturn' },
    });
  });

  it('given a refund under way, when the return is cancelled, then the refund goes on and the return is completed', async () => {
    await harness.complete('receiveReturn', { returnId: 'r7' });
    const refunding = harness.dispatcher.take('refundReturn');
    await harness.engine.cancel(ID, 'no longer wanted');
    await harness.settled();
    expect(harness.dispatcher.flagged.size).toBe(0);
    await harness.answer(refunding, { status: 'completed', result: { refundIds: ['re1'] } });
    expect(await described()).toMatchObject({ result: { status: 'completed' }, searchAttributes: { ReturnStatus: ['completed'] } });
  });

  it('given goods that are being received, when the return is cancelled, then what was received is taken back and no money moves', async () => {
    const receiving = harness.dispatcher.take('receiveReturn');
    await harness.engine.cancel(ID, 'no longer wanted');
    await harness.settled();
    await harness.answer(receiving, { status: 'canceled' });
    await harness.complete('revertReturn', { reverted: true });
    expect((await described()).status).toBe('CANCELED');
    expect(harness.dispatcher.dispatched.map(({ job }) => job.activityType)).toEqual(['receiveReturn', 'revertReturn']);
  });
});
