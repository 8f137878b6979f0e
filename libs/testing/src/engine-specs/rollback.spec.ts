import { describe, expect, it } from '@jest/globals';
import { ROLLBACK_WORKFLOW_TYPE, type WorkflowDescription } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox } from '../scripted-sandbox.js';
import { orderScript, refusal } from './order-script.js';

async function kitAtPayment(): Promise<EngineHarness> {
  const kit = new EngineHarness(new ScriptedSandbox({ order: orderScript }));
  await kit.start('order', 'o', 1);
  await kit.complete('reserveStock', 'reserved');
  return kit;
}

async function rollbackOf(kit: EngineHarness): Promise<WorkflowDescription> {
  const { rollback } = await kit.describe('o');
  return kit.engine.describe(rollback?.workflowId ?? '', rollback?.runId);
}

describe('terminating with rollback', () => {
  it('given a run with two steps begun, when it is terminated with rollback, then a linked run undoes them in reverse, without workflow code', async () => {
    const kit = await kitAtPayment();
    const { key } = kit.dispatcher.take('chargePayment');
    const answer = await kit.engine.terminate('o', 'customer gone', 'me', { rollback: true });
    await kit.settled();
    expect(answer.rollback).toBeDefined();
    expect(await kit.describe('o')).toMatchObject({ status: 'TERMINATED', rollback: answer.rollback });
    const commit = kit.store.commits.find((appends) => appends.some(({ record }) => record.workflowType === ROLLBACK_WORKFLOW_TYPE));
    expect(commit?.map(({ record }) => record.status)).toEqual(['TERMINATED', 'RUNNING']);
    expect(commit?.[1]?.record.partition).toBe(commit?.[0]?.record.partition);
    await kit.restart(new ScriptedSandbox({}));
    expect(kit.dispatcher.waiting().map(({ job }) => job.activityType)).toEqual(['refundPayment']);
    const refund = await kit.complete('refundPayment');
    expect(refund).toMatchObject({ undoOf: { key, activityType: 'chargePayment' }, input: [{ input: { orderId: 1 } }] });
    await kit.restart(new ScriptedSandbox({}));
    expect(await kit.complete('releaseStock', 'released')).toMatchObject({ input: [{ input: { orderId: 1 }, result: 'reserved' }] });
    expect(await rollbackOf(kit)).toMatchObject({
      status: 'COMPLETED',
      rollbackOf: { workflowId: 'o' },
      activities: [{ activityType: 'refundPayment', status: 'COMPLETED', undoOf: { key } }, { activityType: 'releaseStock', status: 'COMPLETED', result: 'released' }],
    });
  });

  it('given an undo that fails for good, when the rollback meets it, then a person decides, and it goes on', async () => {
    const kit = await kitAtPayment();
    const { rollback } = await kit.engine.terminate('o', 'gone', 'me', { rollback: true });
    await kit.settled();
    await kit.fail('refundPayment', refusal('cannot'));
    expect(await rollbackOf(kit)).toMatchObject({ status: 'RUNNING', incidents: [{ kind: 'UNDO_FAILED' }] });
    await kit.engine.resolveIncident(rollback?.workflowId ?? '', 1, 'skip', { reason: 'paid back by hand' });
    await kit.settled();
    await kit.complete('releaseStock');
    expect((await rollbackOf(kit)).status).toBe('COMPLETED');
  });

  it('given undos that are under way or done, when the run is terminated with rollback, then what is done is not done again, and what was begun keeps its key', async () => {
    const kit = await kitAtPayment();
    await kit.complete('chargePayment');
    await kit.fail('shipOrder', refusal('no'));
    await kit.complete('cancelShipment');
    const begun = kit.dispatcher.take('refundPayment');
    await kit.engine.terminate('o', 'stuck', 'me', { rollback: true });
    await kit.settled();
    const again = await kit.complete('refundPayment');
    expect(again.key).toBe(begun.key);
    await kit.complete('releaseStock');
    expect((await rollbackOf(kit)).activities.map(({ activityType }) => activityType)).toEqual(['refundPayment', 'releaseStock']);
  });

  it('given a linked run that is half-way, when it is terminated with rollback itself, then another one does the rest', async () => {
    const kit = await kitAtPayment();
    kit.dispatcher.take('chargePayment');
    const { rollback } = await kit.engine.terminate('o', 'gone', 'me', { rollback: true });
    await kit.settled();
    await kit.complete('refundPayment');
    const begun = kit.dispatcher.take('releaseStock');
    const again = await kit.engine.terminate(rollback?.workflowId ?? '', 'stuck', 'me', { rollback: true });
    await kit.settled();
    expect(again.rollback).toBeDefined();
    expect(await kit.complete('releaseStock')).toMatchObject({ key: begun.key });
    expect(await kit.engine.describe(again.rollback?.workflowId ?? '')).toMatchObject({ status: 'COMPLETED', activities: [{ activityType: 'releaseStock' }] });
  });

  it('given nothing to undo, when the run is terminated with rollback, then there is no linked run', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ w: function* (workflow) { yield* workflow.activity('plain'); return null; } }));
    await kit.start('w', 'w');
    expect(await kit.engine.terminate('w', 'enough', 'me', { rollback: true })).toEqual({});
  });

  it('given a crash after the commit, when the linked run is woken, then it undoes', async () => {
    const kit = await kitAtPayment();
    kit.store.failNextCommit('after');
    await expect(kit.engine.terminate('o', 'gone', 'me', { rollback: true })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await kit.restart();
    await kit.advance(0);
    await kit.complete('refundPayment');
    await kit.complete('releaseStock');
    expect((await rollbackOf(kit)).status).toBe('COMPLETED');
  });
});

describe('rolling a held run back', () => {
  it('given a run whose code has become nondeterministic, when its incident is resolved by rollback, then it ends and its steps are undone', async () => {
    const kit = await kitAtPayment();
    await kit.restart(new ScriptedSandbox({ order: function* (workflow) { yield* workflow.sleep(1); } }));
    await kit.complete('chargePayment', 'charged');
    expect((await kit.describe('o')).incidents).toMatchObject([{ kind: 'NONDETERMINISM' }]);
    await kit.engine.resolveIncident('o', 1, 'rollback', { reason: 'cannot be mended', identity: 'me' });
    await kit.settled();
    expect(await kit.describe('o')).toMatchObject({ status: 'TERMINATED', incidents: [{ resolution: { action: 'rollback', reason: 'cannot be mended' } }] });
    expect(await kit.complete('refundPayment')).toMatchObject({ input: [{ result: 'charged' }] });
    await kit.complete('releaseStock');
    expect((await rollbackOf(kit)).status).toBe('COMPLETED');
  });
});
