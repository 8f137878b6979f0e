import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import { cancel, canceled, completed, DrivenRun, initialize, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

describe('cancellation', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createInThreadSandbox({ bundle: await testBundle() });
  });
  const endedAs = 'complete "ActivityFailure caused by CancelledFailure, cancellation: true"';

  it('given WAIT_CANCELLATION_COMPLETED, when the workflow is cancelled, then the activity is asked to stop and awaited until it has', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('waitCancelWorkflow'));
    expect(await run.advanceInShort(cancel)).toEqual(['cancel activity #1']);
    expect(await run.advanceInShort(canceled(1))).toEqual([endedAs]);
  });

  it('given WAIT_CANCELLATION_COMPLETED, when the activity completes all the same, then its result counts', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('waitCancelWorkflow'));
    await run.advance(cancel);
    expect(await run.advanceInShort(completed(1))).toEqual(['complete "came through"']);
  });

  it('given TRY_CANCEL, when the workflow is cancelled, then the activity is asked to stop, not awaited, and its late outcome is ignored', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('tryCancelWorkflow'));
    expect(await run.advanceInShort(cancel)).toEqual(['cancel activity #1', endedAs]);
    expect(await run.advanceInShort(canceled(1))).toEqual([]);
  });

  it.each([
    ['of the author', ['reserve-o'], 'reserve-o'],
    ['that is not given', [], '1'],
  ])('given TRY_CANCEL and an activity id %s, when the workflow is cancelled, then the failure names the activity as the history does', async (_whose, args, expected) => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('namedTryCancelWorkflow', args));
    expect(await run.advanceInShort(cancel)).toEqual(['cancel activity #1', `complete "${expected}"`]);
  });

  it('given ABANDON, when the workflow is cancelled, then the activity is left alone and not awaited', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('abandonWorkflow'));
    expect(await run.advanceInShort(cancel)).toEqual([endedAs]);
  });

  it('given work in a non-cancellable scope, when the workflow is cancelled, then that work goes on over awaits, and calls after it are refused', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('cleanUpWorkflow'));
    expect(await run.advanceInShort(cancel)).toEqual(['cancel timer #1', 'schedule reserve #1']);
    expect(await run.advanceInShort(completed(1, {}))).toEqual(['schedule charge #2']);
    expect(await run.advanceInShort(completed(2, {}))).toEqual(['cancelled']);
  });

  it('given a workflow that swallows its cancellation, when it returns, then it completes', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('deafWorkflow'));
    expect(await run.advanceInShort(cancel)).toEqual(['cancel timer #1', 'complete "finished anyway"']);
  });

  it('given work that is started and cancelled within one activation, when commands are collected, then there are none for it', async () => {
    expect(await new DrivenRun(sandbox).advanceInShort(initialize('withdrawnWorkflow'))).toEqual(['complete "CancelledFailure"']);
  });

  it('given a cancellation in the very first activation, when the workflow begins, then what it began is withdrawn', async () => {
    expect(await new DrivenRun(sandbox).advanceInShort(initialize('tidySagaWorkflow', ['o']), cancel)).toEqual(['cancelled']);
  });
});
