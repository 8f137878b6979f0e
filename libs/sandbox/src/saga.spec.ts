import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import { DEFAULT_RETRY_POLICY, DEFAULT_UNDO_RETRY_POLICY } from '@backstitch/protocol';
import { cancel, canceled, completed, DrivenRun, failed, fired, initialize, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

describe('saga()', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createInThreadSandbox({ bundle: await testBundle() });
  });

  it('given a step with an undo, when it is scheduled, then its command carries the undo with queue and retry policy', async () => {
    const [command] = await new DrivenRun(sandbox).advance(initialize('sagaWorkflow', ['o-1']));
    expect(command).toEqual({
      type: 'scheduleActivity',
      seq: 1,
      activityType: 'reserve',
      args: [{ order: 'o-1' }],
      options: { taskQueue: 'shop', startToCloseTimeoutMs: 30_000, retryPolicy: DEFAULT_RETRY_POLICY, cancellationType: 'WAIT_CANCELLATION_COMPLETED' },
      undo: { activityType: 'release', taskQueue: 'shop.compensation', startToCloseTimeoutMs: 30_000, retryPolicy: DEFAULT_UNDO_RETRY_POLICY },
    });
  });

  it('given every step succeeds, when the body returns, then its value is the result and nothing is undone', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('sagaWorkflow', ['o']));
    expect(await run.advanceInShort(completed(1, { reservation: 'r' }))).toEqual(['schedule charge #2']);
    expect(await run.advanceInShort(completed(2, { charge: 'c' }))).toEqual(['schedule ship #3']);
    expect(await run.advanceInShort(completed(3, { shipment: 's' }))).toEqual(['complete "s"']);
  });

  it('given the third step fails, when it does, then all three are undone in reverse order of start, one after the other, and the failure is thrown again', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('sagaWorkflow', ['o']));
    await run.advance(completed(1, { reservation: 'r' }));
    await run.advance(completed(2, { charge: 'c' }));
    const undoOfFailed = await run.advance(failed(3));
    expect(undoOfFailed).toMatchObject([{ activityType: 'recall', undoOfSeq: 3, args: [{ input: { order: 'o' } }], options: { taskQueue: 'shop.compensation' } }]);
    expect(undoOfFailed[0]).not.toHaveProperty('args.0.result');
    expect(await run.advance(completed(4))).toMatchObject([{ activityType: 'refund', undoOfSeq: 2, args: [{ input: { order: 'o' }, result: { charge: 'c' } }] }]);
    expect(await run.advance(completed(5))).toMatchObject([
      // The step's input as the step got it, though the workflow has changed its object since.
      { activityType: 'release', undoOfSeq: 1, args: [{ input: { order: 'o' }, result: { reservation: 'r' } }] },
    ]);
    expect(await run.advance(completed(6))).toMatchObject([
      { type: 'failWorkflow', failure: { message: 'Activity failed', cause: { applicationFailureInfo: { type: 'Refused' } } } },
    ]);
  });

  it('given parallelUndo, when a step fails, then all undos are scheduled at once and the workflow waits for all', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('sagaWorkflow', ['o', true]));
    await run.advance(completed(1, {}));
    expect(await run.advanceInShort(failed(2))).toEqual(['schedule refund #3 undoing #2', 'schedule release #4 undoing #1']);
    expect(await run.advanceInShort(completed(4))).toEqual([]);
    expect(await run.advanceInShort(completed(3))).toEqual(['fail Activity failed']);
  });

  it('given two steps side by side, when one fails, then the other is cancelled and both are undone', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advanceInShort(initialize('parallelSagaWorkflow', ['o']))).toEqual(['schedule reserve #1', 'schedule charge #2']);
    expect(await run.advanceInShort(failed(1))).toEqual(['cancel activity #2', 'schedule refund #3 undoing #2']);
    expect(await run.advanceInShort(canceled(2))).toEqual([]);
    expect(await run.advanceInShort(completed(3))).toEqual(['schedule release #4 undoing #1']);
    expect(await run.advanceInShort(completed(4))).toEqual(['fail Activity failed']);
  });

  it("given a step with undo 'none', when a later step fails, then only the later one is undone", async () => {
    const run = new DrivenRun(sandbox);
    const [step] = await run.advance(initialize('silentStepWorkflow', ['o']));
    expect(step).not.toHaveProperty('undo');
    await run.advance(completed(1, {}));
    expect(await run.advanceInShort(failed(2))).toEqual(['schedule refund #3 undoing #2']);
    expect(await run.advanceInShort(completed(3))).toEqual(['fail Activity failed']);
  });

  it('given a step that names no undo, when it is called, then the workflow task fails and nothing is scheduled', async () => {
    const result = await new DrivenRun(sandbox).result(initialize('undeclaredUndoWorkflow', ['o']));
    expect(result).toMatchObject({ status: 'taskFailed', failure: { message: 'The undo of step reserve must be a function of proxyActivities().' } });
  });

  it('given a cancellation, when the saga is waiting, then its steps are undone beyond cancellation and the run ends cancelled', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('tidySagaWorkflow', ['o']));
    expect(await run.advanceInShort(completed(1, {}))).toEqual(['timer #1 3600000']);
    const result = await run.result(cancel);
    expect(result).toMatchObject({ logs: [{ level: 'warn', message: 'undoing: CancelledFailure' }] });
    expect(result.status === 'completed' ? result.commands.map((command) => command.type) : []).toEqual(['cancelTimer', 'scheduleActivity']);
    expect(await run.advanceInShort(cancel)).toEqual([]);
    expect(await run.advanceInShort(completed(2))).toEqual(['cancelled']);
  });

  it('given a branch of the body that is beyond cancellation, when the saga is being undone, then the branch begins no further step', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('stubbornBranchWorkflow', ['o']));
    expect(await run.advanceInShort(failed(2))).toEqual(['schedule refund #3 undoing #2']);
    expect(await run.advanceInShort(completed(1, { reservation: 'r' }))).toEqual([]);
    expect(await run.advance(completed(3))).toMatchObject([{ activityType: 'release', undoOfSeq: 1, args: [{ result: { reservation: 'r' } }] }]);
    expect(await run.advanceInShort(completed(4))).toEqual(['fail Activity failed']);
  });

  it('given an undo that fails for good, when the others have run, then the saga fails with SagaUndoFailed, caused by the first failure', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('sagaWorkflow', ['o']));
    await run.advance(completed(1, {}));
    await run.advance(failed(2));
    expect(await run.advanceInShort(failed(3, 'Operator'))).toEqual(['schedule release #4 undoing #1']);
    expect(await run.advance(completed(4))).toMatchObject([
      {
        type: 'failWorkflow',
        failure: {
          applicationFailureInfo: { type: 'SagaUndoFailed', nonRetryable: true, details: [{ step: 'charge', undo: 'refund', message: 'refused' }] },
          cause: { message: 'Activity failed' },
        },
      },
    ]);
  });

  it('given a bug in the body, when it throws, then nothing is undone and the workflow task fails, so that mended code can go on', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('sagaBugWorkflow'));
    expect(await run.result(completed(1, {}))).toMatchObject({ status: 'taskFailed', failure: { applicationFailureInfo: { type: 'TypeError' } } });
  });

  it('given steps and timers in a chain, when each resolves, then the next is commanded', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advanceInShort(initialize('chainWorkflow', ['o']))).toEqual(['schedule reserve #1']);
    expect(await run.advanceInShort(completed(1, { reservation: 'r' }))).toEqual(['timer #1 60000']);
    expect(await run.advanceInShort(fired(1))).toEqual(['schedule charge #2']);
    expect(await run.advanceInShort(completed(2, { charge: 'c' }))).toEqual(['complete "r c"']);
  });
});
