import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bundleWorkflows, createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import { EngineHarness } from '../engine-harness.js';
import { refusal } from './order-script.js';

const DAY_MS = 24 * 3_600_000;

let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows({ workflowsPath: fileURLToPath(new URL('../../test/workflows/index.ts', import.meta.url)) });
});

function kitOf(): EngineHarness {
  return new EngineHarness(createInThreadSandbox({ bundle }), { searchAttributes: { OrderStatus: 'Keyword' } });
}

/** A kit that forgets the run before every message, so that each goes through replay. */
async function evictAll(kit: EngineHarness): Promise<void> {
  await kit.engine.evict(kit.store.commits.flat().map(({ record }) => record.runId));
}

describe.each([
  ['that stays in memory', async () => undefined],
  ['that is brought back by replay before each message', evictAll],
])('workflow code in the sandbox, in a run %s', (_, before) => {
  it('given services that answer, when an order starts, then it completes', async () => {
    const kit = kitOf();
    await kit.start('order', 'order-1', 'o1');
    for (const [activityType, result] of [['reserveStock', { reservationId: 'r' }], ['chargePayment', { chargeId: 'c' }], ['shipOrder', { shipmentId: 's' }]] as const) {
      await before(kit);
      await kit.complete(activityType, result);
    }
    expect(await kit.describe('order-1')).toMatchObject({
      status: 'COMPLETED',
      result: { reservationId: 'r', chargeId: 'c', shipmentId: 's' },
      searchAttributes: { OrderStatus: ['completed'] },
      incidents: [],
    });
    expect(kit.told('driftFound')).toEqual([]);
  });

  it('given a step that is refused, when the order compensates, then the undos run in reverse with what is known of their steps', async () => {
    const kit = kitOf();
    await kit.start('order', 'order-1', 'o1');
    await before(kit);
    const reserve = await kit.complete('reserveStock', { reservationId: 'r' });
    await before(kit);
    const charge = await kit.fail('chargePayment', refusal('card declined'));
    await before(kit);
    expect(kit.dispatcher.waiting()).toMatchObject([{ taskQueue: 'payment.compensation', job: { undoOf: { key: charge.key }, input: [{ input: { orderId: 'o1' } }] } }]);
    await kit.fail('refundPayment');
    await before(kit);
    await kit.complete('refundPayment');
    await before(kit);
    expect(kit.dispatcher.waiting()).toMatchObject([{ taskQueue: 'inventory.compensation', job: { undoOf: { key: reserve.key }, input: [{ input: { orderId: 'o1' }, result: { reservationId: 'r' } }] } }]);
    await kit.complete('releaseStock');
    expect(await kit.describe('order-1')).toMatchObject({ status: 'COMPLETED', result: { compensated: 'card declined' }, incidents: [] });
  });

  it.each(['while the step waits', 'while the step runs', 'while the step backs off'])('given an order, when it is cancelled %s, then what was begun is undone and the run is cancelled', async (moment) => {
    const kit = kitOf();
    await kit.start('order', 'order-1', 'o1');
    await before(kit);
    await kit.complete('reserveStock', { reservationId: 'r' });
    await before(kit);
    const running = moment === 'while the step runs' ? kit.dispatcher.take('chargePayment') : undefined;
    if (moment === 'while the step backs off') {
      await kit.fail('chargePayment');
    }
    await before(kit);
    await kit.engine.cancel('order-1', 'changed my mind');
    await kit.settled();
    await before(kit);
    if (running !== undefined) {
      await kit.answer(running, { status: 'canceled' });
      await before(kit);
    }
    await kit.complete('refundPayment');
    await before(kit);
    await kit.complete('releaseStock');
    expect(await kit.describe('order-1')).toMatchObject({ status: 'CANCELED', incidents: [], searchAttributes: { OrderStatus: ['compensated'] } });
  });

  it('given an approval, when it is signalled and asked, then it goes on, and sees the same time and randomness in every life', async () => {
    const kit = kitOf();
    await kit.start('approval', 'a');
    await kit.engine.signal('a', 'approve', ['ann']);
    await before(kit);
    expect(await kit.engine.query('a', 'approvals', [])).toEqual(['ann']);
    await before(kit);
    await kit.advance(60_000);
    await kit.engine.signal('a', 'approve', ['bob']);
    await before(kit);
    await kit.advance(10_000);
    const { status, result } = await kit.describe('a');
    expect(status).toBe('COMPLETED');
    expect(result).toMatchObject({ approved: true, by: ['ann', 'bob'], tookMs: 70_000, workflowId: 'a' });
    const other = kitOf();
    await other.start('approval', 'a');
    await other.advance(DAY_MS);
    await other.advance(10_000);
    const timedOut = (await other.describe('a')).result as { approved: boolean; id: string; random: number };
    expect(timedOut).toMatchObject({ approved: false, tookMs: DAY_MS + 10_000 });
    expect({ id: timedOut.id, random: timedOut.random }).toEqual({ id: (result as typeof timedOut).id, random: (result as typeof timedOut).random });
  });
});
