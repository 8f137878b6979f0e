import { describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox } from '../scripted-sandbox.js';
import { orderScript, refusal } from './order-script.js';

function orders(): EngineHarness {
  return new EngineHarness(new ScriptedSandbox({ order: orderScript }));
}

describe('an order through the engine', () => {
  it('given three services that answer, when an order starts, then its steps run one after another and it completes', async () => {
    const kit = orders();
    expect(await kit.start('order', 'order-1', 'o1')).toMatchObject({ status: 'started', workflowId: 'order-1' });
    expect(kit.dispatcher.waiting()).toMatchObject([{ taskQueue: 'inventory', delayMs: 0, job: { activityType: 'reserveStock', attempt: 1, dispatch: 1, input: [{ orderId: 'o1' }] } }]);
    await kit.complete('reserveStock', { reservationId: 'r1' });
    await kit.complete('chargePayment', { chargeId: 'c1' });
    await kit.complete('shipOrder', { shipmentId: 's1' });
    expect(await kit.describe('order-1')).toMatchObject({
      status: 'COMPLETED',
      result: { status: 'completed' },
      activities: [
        { activityType: 'reserveStock', status: 'COMPLETED', attempt: 1, result: { reservationId: 'r1' }, undo: { activityType: 'releaseStock', taskQueue: 'inventory.compensation' } },
        { activityType: 'chargePayment', status: 'COMPLETED' },
        { activityType: 'shipOrder', status: 'COMPLETED' },
      ],
      openIncidents: 0,
    });
    expect(kit.told('workflowClosed')).toMatchObject([{ workflowId: 'order-1', status: 'COMPLETED' }]);
    expect(kit.told('activityClosed').map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
  });

  it('given a started order, when its history is read, then a turn is: what happened, the workflow task, what was decided', async () => {
    const kit = orders();
    await kit.start('order', 'order-1');
    await kit.complete('reserveStock');
    expect(kit.history('order-1')).toEqual([
      'WORKFLOW_EXECUTION_STARTED',
      'WORKFLOW_TASK_SCHEDULED',
      'WORKFLOW_TASK_STARTED',
      'WORKFLOW_TASK_COMPLETED',
      'ACTIVITY_TASK_SCHEDULED',
      'ACTIVITY_TASK_STARTED',
      'ACTIVITY_TASK_COMPLETED',
      'WORKFLOW_TASK_SCHEDULED',
      'WORKFLOW_TASK_STARTED',
      'WORKFLOW_TASK_COMPLETED',
      'ACTIVITY_TASK_SCHEDULED',
    ]);
    const { events } = kit.store.storedByWorkflowId('order-1');
    expect(events.map(({ eventId }) => eventId)).toEqual(events.map((_, index) => index + 1));
    expect(events[5]?.attributes).toEqual({ scheduledEventId: 5, attempt: 1, identity: 'test' });
    expect(events[6]?.attributes).toEqual({ scheduledEventId: 5, startedEventId: 6, result: null, identity: 'test' });
  });

  it('given a step that is refused, when the order compensates, then undos run in reverse, each with the key of its step', async () => {
    const kit = orders();
    const { runId } = (await kit.start('order', 'order-1', 'o1')) as { runId: string };
    const reserve = await kit.complete('reserveStock', 'r');
    const charge = await kit.complete('chargePayment', 'c');
    const ship = await kit.fail('shipOrder', refusal('address not served', 'AddressNotServed'));
    expect(kit.dispatcher.waiting().map(({ taskQueue }) => taskQueue)).toEqual(['fulfilment.compensation']);
    const cancelShipment = await kit.complete('cancelShipment');
    const refund = await kit.complete('refundPayment');
    const release = await kit.complete('releaseStock');
    expect([cancelShipment, refund, release].map(({ undoOf }) => undoOf)).toEqual([
      { key: ship.key, activityType: 'shipOrder' },
      { key: charge.key, activityType: 'chargePayment' },
      { key: reserve.key, activityType: 'reserveStock' },
    ]);
    expect(reserve.key).toBe(`${runId}/5`);
    expect(release).toMatchObject({ replyTo: 'inventory.outcomes', input: [{ input: { orderId: 'o1' }, result: 'r' }] });
    expect(await kit.describe('order-1')).toMatchObject({
      status: 'COMPLETED',
      result: { status: 'compensated', reason: 'address not served' },
      activities: [{}, {}, { status: 'FAILED', lastFailure: { message: 'address not served' } }, { undoOf: { activityId: '3' } }, { undoOf: { activityId: '2' } }, { undoOf: { activityId: '1' } }],
    });
  });

  it('given a step with an undo, when it is scheduled, then the undo stands in the same event', async () => {
    const kit = orders();
    await kit.start('order', 'order-1');
    const scheduled = kit.store.storedByWorkflowId('order-1').events.at(-1);
    expect(scheduled).toMatchObject({ eventType: 'ACTIVITY_TASK_SCHEDULED', attributes: { header: { undo: { activityType: 'releaseStock', taskQueue: 'inventory.compensation' } } } });
  });

  it('given two hundred orders, when they start and are answered together, then each round is one commit, one sandbox call and one dispatch', async () => {
    const sandbox = new ScriptedSandbox({ order: orderScript });
    const kit = new EngineHarness(sandbox);
    await kit.engine.start(Array.from({ length: 200 }, (_, index) => ({ workflowId: `order-${index}`, workflowType: 'order', args: [index] })));
    await kit.settled();
    expect(kit.store.commits.length).toBe(1);
    expect(sandbox.batches.map((batch) => batch.length)).toEqual([200]);
    expect(kit.dispatcher.calls.length).toBe(1);
    for (const activityType of ['reserveStock', 'chargePayment', 'shipOrder']) {
      const jobs = Array.from({ length: 200 }, () => kit.dispatcher.take(activityType));
      await kit.engine.deliver(jobs.map((job) => kit.outcomeOf(job, { status: 'completed', result: null })));
      await kit.settled();
    }
    expect(kit.store.commits.map((commit) => commit.length)).toEqual([200, 200, 200, 200]);
    expect(kit.told('workflowClosed').length).toBe(200);
    expect(kit.engine.pressure()).toEqual({ waitingMessages: 0, cachedRuns: 0 });
  });

  it('given more runs than a batch holds, when they start together, then the batches share them', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ order: orderScript }), { batchRunsMax: 30 });
    await kit.engine.start(Array.from({ length: 100 }, (_, index) => ({ workflowId: `order-${index}`, workflowType: 'order', args: [index] })));
    expect(kit.store.commits.map((commit) => commit.length).sort()).toEqual([10, 30, 30, 30]);
  });
});
