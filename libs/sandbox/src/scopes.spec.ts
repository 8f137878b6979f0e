import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import type { ActivationJob } from '@backstitch/protocol';
import { activation, cancel, DrivenRun, fired, initialize, initializeLegacy, signal, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

describe('scopes, triggers, storages, streams, patches', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createInThreadSandbox({ bundle: await testBundle() });
  });

  it('given a scope with a time limit, when it passes, then what is in it is cancelled; in time, the limit’s timer is', async () => {
    const late = new DrivenRun(sandbox, 'late');
    expect(await late.advanceInShort(initialize('timeoutScopeWorkflow'))).toEqual(['timer #1 60000', 'timer #2 86400000']);
    expect(await late.advanceInShort(fired(1))).toEqual(['cancel timer #2', 'complete "CancelledFailure"']);
    const inTime = new DrivenRun(sandbox, 'in time');
    await inTime.advance(initialize('inTimeWorkflow'));
    expect(await inTime.advanceInShort(fired(2))).toEqual(['cancel timer #1', 'complete "in time"']);
  });

  it('given a scope beyond cancellation, when the workflow is cancelled, then it is told, and goes on', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('shieldedWorkflow'));
    expect(await run.advanceInShort(cancel)).toEqual(['timer #2 10']);
    expect(await run.advanceInShort(fired(2))).toEqual(['complete [true,false,"slept all the same"]']);
  });

  it('given a scope that is not cancellable, when it is cancelled itself, then what is in it goes on', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advanceInShort(initialize('stubbornScopeWorkflow'))).toEqual(['timer #1 10']);
    expect(await run.advanceInShort(fired(1))).toEqual(['complete "slept, considered cancelled: false"']);
  });

  it('given triggers, when one is resolved and the other’s scope cancelled, then awaiting them gives that', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('triggerWorkflow'));
    await run.advance(fired(1));
    expect(await run.advanceInShort(cancel)).toEqual(['complete "first CancelledFailure"']);
  });

  it('given an AsyncLocalStorage, when branches wait and go on, then each has its own store, in nested scopes too', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('storageWorkflow'));
    expect(await run.advanceInShort(fired(1), fired(2))).toEqual(['complete [null,"a","b",null,null,"a","b",null]']);
  });

  it('given a random stream of its own, when code draws from it, then the run’s own numbers are those that it would have drawn anyway', async () => {
    const result = async (seed: string): Promise<unknown> => {
      const [command] = await new DrivenRun(sandbox).advance(initialize('streamsWorkflow', [], seed));
      return command?.type === 'completeWorkflow' ? command.result : undefined;
    };
    const first = (await result('0192f0c1-1111-7222-8333-444455556666')) as { before: number; inStream: unknown[]; bytes: number[]; after: number };
    expect(first.before).toBe(0.9908318023663014);
    // The second number is the first of the three bytes.
    expect(first.bytes[0]).toBe(Math.floor(0.8648893064819276 * 256));
    expect(first.inStream).not.toContain(0.8648893064819276);
    expect(await result('0192f0c1-1111-7222-8333-444455556666')).toEqual(first);
    expect(await result('another')).not.toEqual(first);
  });

  it('given new code, when a run comes to a patch for the first time, then it has it and says so once', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advanceInShort(initialize('patchedWorkflow'))).toEqual(['patch new-way', 'timer #1 1']);
    expect(await run.advanceInShort(fired(1))).toEqual(['patch long-ago deprecated', 'complete "new new"']);
  });

  it('given a history, when it is replayed, then a patch is there if it was recorded, and not if it was not; new ground has it', async () => {
    const replay = async (runId: string, ...jobs: ActivationJob[]): Promise<unknown> => (await sandbox.activate([activation(runId, jobs, { isReplaying: true })]))[0];
    expect(await replay('with', initialize('patchedWorkflow'), { type: 'notifyHasPatch', patchId: 'new-way' })).toMatchObject({ commands: [{ type: 'setPatchMarker', patchId: 'new-way' }, { type: 'startTimer' }] });
    expect(await replay('without', initialize('patchedWorkflow'))).toMatchObject({ commands: [{ type: 'startTimer' }] });
    expect(await new DrivenRun(sandbox, 'without').advanceInShort(fired(1))).toEqual(['patch new-way', 'patch long-ago deprecated', 'complete "old new"']);
  });

  it('given a run of the first runtime version, when it draws, then it draws what it always has', async () => {
    const [, , result] = await new DrivenRun(sandbox).advance(initializeLegacy('randomWorkflow', [], '0192f0c1-1111-7222-8333-444455556666'), fired(1));
    expect(result).toMatchObject({ type: 'completeWorkflow', result: { drawn: [0.39151008504694496, 0.2552299513503056, expect.any(Number)] } });
  });

  it('given signals in the first activation, when the workflow begins, then they come first, as in Temporal; old runs keep their order', async () => {
    expect(await new DrivenRun(sandbox).advanceInShort(initialize('orderWorkflow'), signal('count'))).toEqual(['timer #1 101', 'timer #2 1', 'complete 1']);
    expect(await new DrivenRun(sandbox, 'legacy').advanceInShort(initializeLegacy('orderWorkflow'), signal('count'))).toEqual(['timer #1 1', 'timer #2 101', 'complete 1']);
  });

  it('given a condition that holds between two jobs only, when both come at once, then it has held, as in Temporal; old runs keep their order', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('orderWorkflow'));
    expect(await run.advanceInShort(signal('count'), signal('count'))).toEqual(['timer #2 101', 'timer #3 102', 'complete 2']);
    const legacy = new DrivenRun(sandbox, 'legacy');
    await legacy.advance(initializeLegacy('orderWorkflow'));
    expect(await legacy.advanceInShort(signal('count'), signal('count'))).toEqual(['timer #2 101', 'timer #3 102']);
  });

  it('given a scope that is cancelled, when more is done right after, then that comes first, as in Temporal; old runs keep their order', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('cancelOrderWorkflow'));
    expect(await run.advanceInShort(fired(2))).toEqual(['timer #3 2', 'cancel timer #1', 'timer #4 3']);
    const legacy = new DrivenRun(sandbox, 'legacy');
    await legacy.advance(initializeLegacy('cancelOrderWorkflow'));
    expect(await legacy.advanceInShort(fired(2))).toEqual(['cancel timer #1', 'timer #3 2', 'timer #4 3']);
  });
});
