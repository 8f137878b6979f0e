import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowDescription } from '@backstitch/protocol';
import { bundleWorkflows, createInThreadSandbox, type WorkflowBundle } from '@backstitch/sandbox';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox } from '../scripted-sandbox.js';
import { refusal } from './order-script.js';

const HOUR_MS = 3_600_000;

let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows({ workflowsPath: fileURLToPath(new URL('../../test/workflows/settled-sagas.ts', import.meta.url)) });
});

const kitOf = (): EngineHarness => new EngineHarness(createInThreadSandbox({ bundle }));

async function begun(workflowType: string): Promise<EngineHarness> {
  const kit = kitOf();
  await kit.start(workflowType, 'w', 'o');
  await kit.complete('reserve', { reservation: 'r' });
  return kit;
}

async function rollBack(kit: EngineHarness): Promise<void> {
  await kit.engine.terminate('w', 'enough', 'me', { rollback: true });
  await kit.settled();
}

const waiting = (kit: EngineHarness): string[] => kit.dispatcher.waiting().map(({ job }) => job.activityType);

async function rollbackOf(kit: EngineHarness): Promise<WorkflowDescription> {
  const { rollback } = await kit.describe('w');
  return kit.engine.describe(rollback?.workflowId ?? '', rollback?.runId);
}

describe('a rollback of a run with several sagas', () => {
  it('given one saga that is complete and one that is half done, when the run is rolled back, then the half-done one alone is undone', async () => {
    const kit = await begun('twoSagas');
    await kit.complete('charge', { charge: 'c' });
    await rollBack(kit);
    expect(waiting(kit)).toEqual(['refund']);
    await kit.complete('refund');
    expect(await rollbackOf(kit)).toMatchObject({ status: 'COMPLETED', activities: [{ activityType: 'refund' }] });
  });

  it('given a saga that is complete and one whose only step is under way, when the run is rolled back, then that step is undone, since it may have happened', async () => {
    const kit = await begun('twoSagas');
    kit.dispatcher.take('charge');
    const answer = await kit.engine.terminate('w', 'enough', 'me', { rollback: true });
    await kit.settled();
    expect(answer.rollback).toBeDefined();
    expect(waiting(kit)).toEqual(['refund']);
  });

  it('given a nested saga that has returned, when the run is rolled back, then its step is undone with the outer one’s', async () => {
    const kit = await begun('nestedThenWaits');
    await rollBack(kit);
    expect(waiting(kit)).toEqual(['release']);
  });

  it('given a run that comes back by replay, when it goes on, then what its sagas have settled is recorded once, and is no drift', async () => {
    const kit = await begun('twoSagas');
    await kit.complete('charge', { charge: 'c' });
    const runId = kit.store.storedByWorkflowId('w').record.runId;
    await kit.engine.evict([runId]);
    await kit.engine.signal('w', 'goOn', []);
    await kit.settled();
    const settled = kit.store.storedByWorkflowId('w').events.flatMap((event) => (event.eventType === 'WORKFLOW_TASK_COMPLETED' ? (event.attributes.settledUndos ?? []) : []));
    expect(settled).toEqual([{ seqs: [1] }]);
    expect(kit.told('driftFound')).toEqual([]);
    expect(waiting(kit)).toEqual(['reserve']);
    await rollBack(kit);
    await kit.complete('release');
    await kit.complete('refund');
    expect((await rollbackOf(kit)).activities.map(({ activityType }) => activityType)).toEqual(['release', 'refund']);
  });

  it('given a saga that has returned in the task that began its step, when the run is rolled back, then nothing is undone', async () => {
    const kit = await begun('doesNotWait');
    expect(await kit.engine.terminate('w', 'enough', 'me', { rollback: true })).toEqual({});
    await kit.settled();
    expect(waiting(kit)).toEqual([]);
  });

  it('given a saga that ends together with its run, when it does, then the history says nothing of it', async () => {
    const kit = await begun('plainSaga');
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 'r' });
    expect(JSON.stringify(kit.store.storedByWorkflowId('w').events)).not.toContain('settledUndos');
  });
});

describe('a rollback and the pivot', () => {
  it('given a saga beyond its pivot, when the run is rolled back, then nothing is undone', async () => {
    const kit = await begun('beyondPivot');
    await kit.complete('charge', { charge: 'c' });
    expect(waiting(kit)).toEqual(['ship']);
    expect(await kit.engine.terminate('w', 'enough', 'me', { rollback: true })).toEqual({});
    await kit.settled();
    expect(waiting(kit)).toEqual([]);
  });

  it('given a pivot that has succeeded though the code was not told, since it is broken, when the run is rolled back, then nothing is undone', async () => {
    const kit = await begun('beyondPivot');
    await kit.restart(new ScriptedSandbox({ beyondPivot: function* (workflow) { yield* workflow.sleep(1); } }));
    await kit.complete('charge', { charge: 'c' });
    expect((await kit.describe('w')).incidents).toMatchObject([{ kind: 'NONDETERMINISM' }]);
    await kit.engine.resolveIncident('w', 1, 'rollback', { reason: 'cannot be mended' });
    await kit.settled();
    expect((await kit.describe('w')).rollback).toBeUndefined();
    expect(waiting(kit)).toEqual([]);
  });

  it('given a pivot that was refused, when the run is rolled back while it undoes, then what came before is undone', async () => {
    const kit = await begun('beyondPivot');
    await kit.fail('charge', refusal('no money'));
    kit.dispatcher.take('release');
    await rollBack(kit);
    expect(waiting(kit)).toEqual(['release']);
  });

  it('given a pivot under way, when the run is rolled back, then the rollback waits for a person, who lets it undo', async () => {
    const kit = await begun('beyondPivot');
    const { key } = kit.dispatcher.take('charge');
    await rollBack(kit);
    const held = await rollbackOf(kit);
    expect(held).toMatchObject({ status: 'RUNNING', incidents: [{ incidentNumber: 1, kind: 'PIVOT_IN_DOUBT', message: expect.stringContaining(key) }] });
    expect(kit.told('incidentOpened')).toMatchObject([{ workflowId: held.workflowId, incident: { kind: 'PIVOT_IN_DOUBT' } }]);
    await kit.advance(HOUR_MS);
    expect(waiting(kit)).toEqual([]);
    await kit.restart();
    await kit.engine.resolveIncident(held.workflowId, 1, 'retry', { reason: 'no money was taken' });
    await kit.settled();
    await kit.complete('release');
    expect(await rollbackOf(kit)).toMatchObject({ status: 'COMPLETED', openIncidents: 0 });
  });

  it('given a rollback that waits for a person, when its incident is resolved by a rollback, then that is refused: it would end the rollback and undo nothing', async () => {
    const kit = await begun('beyondPivot');
    kit.dispatcher.take('charge');
    await rollBack(kit);
    const { workflowId } = await rollbackOf(kit);
    await expect(kit.engine.resolveIncident(workflowId, 1, 'rollback', { reason: 'undo it' })).rejects.toThrow('an incident of kind PIVOT_IN_DOUBT can only be retried; terminate the run if its pivot has happened');
    expect(await rollbackOf(kit)).toMatchObject({ status: 'RUNNING', openIncidents: 1 });
  });
});

describe('a run that ends by its time-out', () => {
  it('given a saga that is half done, when the time of its run is out, then a linked run undoes it', async () => {
    const kit = kitOf();
    await kit.engine.start([{ workflowId: 'w', workflowType: 'halfway', args: ['o'], workflowRunTimeoutMs: HOUR_MS }]);
    await kit.complete('reserve', { reservation: 'r' });
    await kit.advance(HOUR_MS);
    const described = await kit.describe('w');
    expect(described).toMatchObject({ status: 'TIMED_OUT', rollback: { workflowId: expect.stringContaining('backstitch.rollback') } });
    expect(await kit.complete('release')).toMatchObject({ input: [{ input: { order: 'o' }, result: { reservation: 'r' } }] });
    expect(await rollbackOf(kit)).toMatchObject({ status: 'COMPLETED', rollbackOf: { workflowId: 'w' } });
  });

  it('given a run that is not in memory, when the time of its chain is out, then the same', async () => {
    const kit = kitOf();
    await kit.engine.start([{ workflowId: 'w', workflowType: 'halfway', args: ['o'], workflowExecutionTimeoutMs: HOUR_MS }]);
    await kit.complete('reserve', { reservation: 'r' });
    await kit.restart();
    await kit.advance(HOUR_MS);
    expect((await kit.describe('w')).status).toBe('TIMED_OUT');
    expect(waiting(kit)).toEqual(['release']);
  });

  it('given a step that is under way, when the time is out, then it is undone, since it may have happened', async () => {
    const kit = kitOf();
    await kit.engine.start([{ workflowId: 'w', workflowType: 'twoSagas', args: ['o'], workflowRunTimeoutMs: HOUR_MS }]);
    kit.dispatcher.take('reserve');
    await kit.advance(HOUR_MS);
    expect(waiting(kit)).toEqual(['release']);
  });

  it('given a run that owes nothing, when its time is out, then there is no linked run', async () => {
    const kit = new EngineHarness(new ScriptedSandbox({ idle: function* (workflow) { yield* workflow.sleep(2 * HOUR_MS); } }));
    await kit.engine.start([{ workflowId: 'w', workflowType: 'idle', args: [], workflowRunTimeoutMs: HOUR_MS }]);
    await kit.advance(HOUR_MS);
    expect(await kit.describe('w')).toMatchObject({ status: 'TIMED_OUT' });
    expect((await kit.describe('w')).rollback).toBeUndefined();
  });
});

describe('a run that ends because its parent did', () => {
  it('given a child whose saga is half done, when its parent ends, then the child is terminated, and a linked run undoes what it did', async () => {
    const kit = kitOf();
    await kit.start('leavesItsChild', 'parent', 'o');
    await kit.settled();
    await kit.complete('reserve', { reservation: 'r' });
    await kit.engine.signal('parent', 'goOn', []);
    await kit.settled();
    expect((await kit.describe('parent')).status).toBe('COMPLETED');
    expect(await kit.describe('child-of-o')).toMatchObject({ status: 'TERMINATED', rollback: {} });
    expect(waiting(kit)).toEqual(['release']);
  });

  it.each([
    ['with rollback', true, ['release']],
    ['without', false, []],
  ])('given a child whose saga is half done, when its parent is terminated %s, then so is the child', async (_, rollback, undone) => {
    const kit = kitOf();
    await kit.start('leavesItsChild', 'parent', 'o');
    await kit.settled();
    await kit.complete('reserve', { reservation: 'r' });
    // The call gets lost, and is made again from the history.
    kit.beforeSend = () => Promise.reject(new Error('lost'));
    await kit.engine.terminate('parent', 'enough', 'me', { rollback });
    await kit.settled();
    expect((await kit.describe('child-of-o')).status).toBe('RUNNING');
    delete kit.beforeSend;
    await kit.restart();
    await kit.engine.resumeCalls([kit.store.storedByWorkflowId('parent').record.runId]);
    await kit.settled();
    expect((await kit.describe('child-of-o')).status).toBe('TERMINATED');
    expect(waiting(kit)).toEqual(undone);
  });
});

describe('a retried run of a chain that has carried undos along', () => {
  it('given a run that undid what it had inherited and failed, when it is tried again and fails again, then nothing is undone twice', async () => {
    const kit = kitOf();
    await kit.engine.start([{ workflowId: 'w', workflowType: 'carriesAndFails', args: [0], retryPolicy: { maximumAttempts: 2, initialIntervalMs: 1_000, jitter: 0 } }]);
    await kit.complete('reserve', { reservation: 'r' });
    await kit.fail('charge', refusal('no money'));
    await kit.complete('refund');
    await kit.complete('release');
    await kit.advance(1_000);
    await kit.fail('charge', refusal('no money'));
    await kit.complete('refund');
    expect(waiting(kit)).toEqual([]);
    expect((await kit.describe('w')).status).toBe('FAILED');
  });
});
