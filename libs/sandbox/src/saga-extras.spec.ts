import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import { DEFAULT_UNDO_RETRY_POLICY, type ActivationInfo, type CarriedUndo } from '@backstitch/protocol';
import { activation, cancel, completed, DrivenRun, failed, fired, initialize, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

const carried: CarriedUndo = {
  activityType: 'release',
  taskQueue: 'shop.compensation',
  startToCloseTimeoutMs: 30_000,
  retryPolicy: DEFAULT_UNDO_RETRY_POLICY,
  stepKey: 'before:5',
  stepActivityType: 'reserve',
  input: { order: 'o' },
  result: { reservation: 'r' },
};

describe('sagas: pivots, nesting, locks, continuing as new', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createInThreadSandbox({ bundle: await testBundle() });
  });

  async function begin(workflowType: string, args: number[], lineage: ActivationInfo['lineage']): Promise<unknown> {
    const given = activation('heir', [initialize(workflowType, args)]);
    const [result] = await sandbox.activate([{ ...given, info: { ...given.info, lineage } }]);
    return result?.status === 'completed' ? result.commands : result;
  }

  it('given a pivot, when it is scheduled, then it has no end to its attempts, and no undo', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('pivotWorkflow', ['o']));
    const [pivot] = await run.advance(completed(1, {}));
    expect(pivot).toMatchObject({ activityType: 'charge', options: { retryPolicy: { maximumAttempts: 0, nonRetryableErrorTypes: ['Refused'] } } });
    expect(pivot).not.toHaveProperty('undo');
  });

  it('given a pivot that is refused, when it fails, then what came before is undone', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('pivotWorkflow', ['o']));
    await run.advance(completed(1, {}));
    expect(await run.advanceInShort(failed(2))).toEqual(['schedule release #3 undoing #1']);
    expect(await run.advanceInShort(completed(3))).toEqual(['fail Activity failed']);
  });

  it('given a pivot that has succeeded, when the workflow is cancelled and a later step fails for good, then the saga goes on, and the step is tried until it succeeds', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('pivotWorkflow', ['o']));
    await run.advance(completed(1, {}));
    expect(await run.advanceInShort(completed(2, {}))).toEqual(['timer #1 3600000', 'settle #1']);
    expect(await run.advanceInShort(cancel)).toEqual([]);
    const [step] = await run.advance(fired(1));
    expect(step).toMatchObject({ seq: 3, activityType: 'ship', options: { retryPolicy: { maximumAttempts: 0, nonRetryableErrorTypes: [] } } });
    expect(step).not.toHaveProperty('undo');
    expect(await run.advanceInShort(failed(3))).toEqual(['timer #2 1000']);
    expect(await run.advanceInShort(fired(2))).toEqual(['schedule ship #4']);
    expect(await run.advanceInShort(completed(4, { shipment: 's' }))).toEqual(['complete "s"']);
  });

  it('given a pivot under way, when the workflow is cancelled, then the pivot is not', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('pivotWorkflow', ['o']));
    await run.advance(completed(1, {}));
    expect(await run.advanceInShort(cancel)).toEqual([]);
    expect(await run.advanceInShort(completed(2, {}))).toEqual(['timer #1 3600000', 'settle #1']);
  });

  it.each([
    ['reachable', ['fail Error']],
    ['nested', ['fail Error']],
    ['shielded', ['schedule reserve #1', 'schedule release #2 undoing #1']],
  ])('given a saga that fails in the activation that begins a step (%s), when it undoes, then only what was recorded', async (how, expected) => {
    expect(await new DrivenRun(sandbox).advanceInShort(initialize('hastySagaWorkflow', [how]))).toEqual(expected);
  });

  it('given a nested saga, when it fails by itself, then only its steps are undone', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('nestedSagaWorkflow', ['inner fails']));
    await run.advance(completed(1, {}));
    expect(await run.advanceInShort(completed(2, {}))).toEqual(['schedule refund #3 undoing #2']);
    expect(await run.advanceInShort(completed(3))).toEqual(['complete "only the inner one was undone: inner"']);
  });

  it('given a nested saga that has returned, when the outer one fails, then the steps of both are undone in reverse order of their start', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('nestedSagaWorkflow', ['o']));
    await run.advance(completed(1, {}));
    expect(await run.advanceInShort(completed(2, {}))).toEqual(['schedule ship #3']);
    expect(await run.advanceInShort(failed(3))).toEqual(['schedule recall #4 undoing #3']);
    expect(await run.advanceInShort(completed(4))).toEqual(['schedule refund #5 undoing #2']);
    expect(await run.advanceInShort(completed(5))).toEqual(['schedule release #6 undoing #1']);
  });

  it('given a lock, when it is taken, then it is a step on the reserved queue whose undo gives it back; at the good end it is given back too', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advance(initialize('lockWorkflow', ['o']))).toMatchObject([
      {
        activityType: 'acquireLock',
        args: [{ name: 'order-o' }],
        options: { taskQueue: 'backstitch.locks', scheduleToCloseTimeoutMs: 3_600_000, cancellationType: 'TRY_CANCEL' },
        undo: { activityType: 'releaseLock', taskQueue: 'backstitch.locks' },
      },
    ]);
    expect(await run.advanceInShort(completed(1))).toEqual(['schedule reserve #2']);
    expect(await run.advance(completed(2, {}))).toMatchObject([{ activityType: 'releaseLock', undoOfSeq: 1, args: [{ input: { name: 'order-o' } }], options: { taskQueue: 'backstitch.locks' } }, { type: 'settleUndos', seqs: [2] }]);
    expect(await run.advanceInShort(completed(3))).toEqual(['complete "done"']);
  });

  it('given a lock that is held, when the saga fails, then it is given back after all undos', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('lockWorkflow', ['o']));
    await run.advance(completed(1));
    expect(await run.advanceInShort(failed(2))).toEqual(['schedule release #3 undoing #2']);
    expect(await run.advanceInShort(completed(3))).toEqual(['schedule releaseLock #4 undoing #1']);
    expect(await run.advanceInShort(completed(4))).toEqual(['fail Activity failed']);
  });

  it('given a lock that is waited for, when the workflow is cancelled, then it is given up at once', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('lockWorkflow', ['o']));
    expect(await run.advanceInShort(cancel)).toEqual(['cancel activity #1', 'schedule releaseLock #2 undoing #1']);
    expect(await run.advanceInShort(completed(2))).toEqual(['cancelled']);
  });

  it('given a saga that continues as new, when it does, then what it owes goes along', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('carryingWorkflow', [0]));
    expect(await run.advance(completed(1, {}))).toEqual([{ type: 'continueAsNew', workflowType: 'test', args: [1], openUndoSeqs: [1] }]);
  });

  it('given a run that was left something, when its saga continues as new again, then both go along; when it fails, then its own steps are undone first', async () => {
    await begin('carryingWorkflow', [1], { carriedUndos: [carried] });
    const run = new DrivenRun(sandbox, 'heir');
    expect(await run.advance(completed(1, {}))).toEqual([{ type: 'continueAsNew', workflowType: 'test', args: [2], openUndoSeqs: [1], openUndoKeys: ['before:5'] }]);
    await begin('carryingWorkflow', [1], { carriedUndos: [carried] });
    expect(await run.advanceInShort(failed(1))).toEqual(['schedule refund #2 undoing #1']);
    expect(await run.advance(completed(2))).toMatchObject([
      {
        activityType: 'release',
        args: [{ input: { order: 'o' }, result: { reservation: 'r' } }],
        undoOfStep: { key: 'before:5', activityType: 'reserve' },
        options: { taskQueue: 'shop.compensation', startToCloseTimeoutMs: 30_000 },
      },
    ]);
    expect(await run.advanceInShort(completed(3))).toEqual(['fail Activity failed']);
  });

  it('given a run that was left something and has no saga, when it fails, then that is undone before', async () => {
    await begin('heirWorkflow', [], { carriedUndos: [carried] });
    const run = new DrivenRun(sandbox, 'heir');
    expect(await run.advanceInShort(fired(1))).toEqual(['schedule release #1']);
    expect(await run.advanceInShort(completed(1))).toEqual(['fail Error']);
  });

  it('given a run whose saga has settled what it was left, when it continues as new, then nothing of it goes along', async () => {
    await begin('settlingWorkflow', [], { carriedUndos: [carried] });
    expect(await new DrivenRun(sandbox, 'heir').advance(fired(1))).toEqual([{ type: 'continueAsNew', workflowType: 'test', args: [], openUndoKeys: [] }]);
  });
});
