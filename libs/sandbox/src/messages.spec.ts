import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import type { ActivationJob } from '@backstitch/protocol';
import { activation, DrivenRun, failed, fired, initialize, signal, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

const query = (queryName: string, unit = 'pieces'): ActivationJob => ({ type: 'queryWorkflow', queryId: `q-${queryName}-${unit}`, queryName, args: [unit] });

describe('signals, queries, conditions', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createInThreadSandbox({ bundle: await testBundle() });
  });

  it('given signals before their handler is set, when it is set, then they are handed over in order; later ones go to the newest handler', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('bufferingWorkflow'), signal('add', 1));
    await run.advance(signal('add', 2));
    expect(await run.advanceInShort(fired(1))).toEqual([]);
    expect(await run.advanceInShort(signal('add', 3))).toEqual(['timer #2 10']);
    expect(await run.advanceInShort(fired(2))).toEqual(['complete [1,2,3]']);
  });

  it('given conditions that depend on each other, when one activation makes the first true, then all that follows happens in it', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('countingWorkflow'));
    expect(await run.advanceInShort(signal('add', 1))).toEqual([]);
    expect(await run.advanceInShort(signal('add', 1))).toEqual(['complete 2']);
  });

  it('given a condition with a timeout, when it holds in time, then it gives true and its timer is cancelled', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advanceInShort(initialize('conditionWorkflow', [500]))).toEqual(['timer #1 500']);
    expect(await run.advanceInShort(signal('add', 1))).toEqual(['cancel timer #1', 'complete true']);
  });

  it('given a condition with a timeout, when the timer fires first, then it gives false', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('conditionWorkflow', [500]));
    expect(await run.advanceInShort(fired(1))).toEqual(['complete false']);
  });

  it('given a query, when signals come in the same activation, then it is answered after them, without commands', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('queryWorkflow'));
    expect(await run.result(signal('add', 4), query('total'))).toMatchObject({
      commands: [],
      queryAnswers: [{ queryId: 'q-total-pieces', status: 'answered', result: 4 }],
    });
  });

  it('given queries that nobody handles, or whose handler throws, when they are asked, then each answer is a failure and the run goes on', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('queryWorkflow'));
    expect(await run.result(query('nonesuch'), query('total', 'broken'), query('total'))).toMatchObject({
      queryAnswers: [
        { status: 'failed', failure: { applicationFailureInfo: { type: 'QueryNotRegistered' } } },
        { status: 'failed', failure: { message: 'no such unit' } },
        { status: 'answered', result: 0 },
      ],
    });
  });

  it('given an async signal handler with a bug, when it throws later, then the workflow task fails', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('failingSignalWorkflow'));
    await run.advance(signal('add', 1));
    expect(await run.result(fired(2))).toMatchObject({ status: 'taskFailed', failure: { message: 'a bug in a handler' } });
    expect(await run.result(fired(1))).toEqual({ runId: 'run', status: 'unknownRun' });
  });

  it('given an activity that fails before it is awaited, when it is awaited later, then the failure is seen there and nowhere else', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('lateAwaitWorkflow'));
    expect(await run.advanceInShort(failed(1))).toEqual([]);
    expect(await run.advanceInShort(fired(1))).toEqual(['complete "ActivityFailure"']);
  });

  it('given a replay, when the workflow logs, then it is silent', async () => {
    const start = initialize('randomWorkflow');
    const [live] = await sandbox.activate([activation('live', [start])]);
    const [replayed] = await sandbox.activate([activation('replayed', [start], { isReplaying: true })]);
    expect(live).toMatchObject({ logs: [{ level: 'info', message: 'drawing', attributes: { at: 1_700_000_000_000 } }] });
    expect(replayed).toMatchObject({ logs: [] });
  });

  it('given options without a time limit for an attempt, when activities are proxied, then the workflow task fails and says which', async () => {
    expect(await new DrivenRun(sandbox).result(initialize('timeLimitWorkflow'))).toMatchObject({
      status: 'taskFailed',
      failure: { message: expect.stringContaining('startToCloseTimeout or scheduleToCloseTimeout') },
    });
  });
});
