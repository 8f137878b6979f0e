import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import { DEFAULT_RETRY_POLICY, type ActivationInfo } from '@backstitch/protocol';
import { activation, DrivenRun, fired, initialize, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

describe('what workflow code knows and tells', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createInThreadSandbox({ bundle: await testBundle() });
  });

  async function begin(workflowType: string, info: Partial<ActivationInfo> = {}, runId = 'run') {
    const given = activation(runId, [initialize(workflowType)], { isReplaying: info.isReplaying });
    const [result] = await sandbox.activate([{ ...given, info: { ...given.info, ...info } }]);
    return result;
  }

  it('given search attributes in both forms and a memo, when they are upserted, then commands and what the run knows agree', async () => {
    expect(await begin('attributesWorkflow', { memo: { gone: 1, kept: 2 } })).toMatchObject({
      commands: [
        { type: 'upsertSearchAttributes', searchAttributes: { Total: [3], PlacedAt: ['1970-01-01T00:00:00.000Z'], Kind: ['gift'] } },
        { type: 'upsertSearchAttributes', searchAttributes: { Kind: ['order'], Total: [] } },
        { type: 'upsertMemo', memo: { note: 'fragile', gone: null } },
        { type: 'completeWorkflow', result: { kind: 'order', placed: 0, total: null, searchAttributes: { PlacedAt: ['1970-01-01T00:00:00.000Z'], Kind: ['order'] }, memo: { kept: 2, note: 'fragile' } } },
      ],
    });
  });

  it('given an ordinary run, when it asks what it knows, then defaults are told', async () => {
    const result = await begin('infoWorkflow');
    expect(result).toMatchObject({ commands: [{ result: { workflowId: 'workflow-run', runId: 'run', firstExecutionRunId: 'run', namespace: 'default', attempt: 1, taskTimeoutMs: 10_000, continueAsNewSuggested: false, inContext: true, now: 1_700_000_000_000, lastFailure: null } }] });
    expect(JSON.stringify(result)).not.toContain('parent');
  });

  it('given a run with a past, when it asks what it knows, then its lineage is told', async () => {
    const lineage: ActivationInfo['lineage'] = {
      parent: { workflowId: 'p', runId: 'pr' },
      root: { workflowId: 'r', runId: 'rr' },
      firstExecutionRunId: 'first',
      continuedFromRunId: 'before',
      attempt: 3,
      retryPolicy: DEFAULT_RETRY_POLICY,
      cronSchedule: '* * * * *',
      firstExecutionStartTimeMs: 1_000,
      workflowRunTimeoutMs: 5,
      lastResult: { sum: 1 },
      lastFailure: { message: 'last time', applicationFailureInfo: {} },
    };
    expect(await begin('infoWorkflow', { lineage, buildId: 'b7', continueAsNewSuggested: true, historyLength: 5_000 })).toMatchObject({
      commands: [
        {
          result: {
            parent: { workflowId: 'p', runId: 'pr', namespace: 'default' },
            root: { workflowId: 'r', runId: 'rr' },
            firstExecutionRunId: 'first',
            continuedFromExecutionRunId: 'before',
            attempt: 3,
            retryPolicy: { initialInterval: 1_000, maximumInterval: 100_000, backoffCoefficient: 2 },
            cronSchedule: '* * * * *',
            startTime: '1970-01-01T00:00:01.000Z',
            runTimeoutMs: 5,
            lastResult: { sum: 1 },
            lastFailure: 'last time',
            currentBuildId: 'b7',
            suggestedContinueAsNewReasons: ['TOO_MANY_HISTORY_EVENTS'],
          },
        },
      ],
    });
  });

  it('given sinks, metrics and logs, when they are called, then the calls leave with the result as they were made; in replay only sinks are told', async () => {
    expect(await begin('tellingWorkflow')).toMatchObject({
      sinkCalls: [
        { sinkName: 'events', functionName: 'happened', args: ['begin', { n: 1 }] },
        { sinkName: '__temporal_metrics', functionName: 'addMetricCounterValue', args: ['orders', '1', 'all orders', 1, { workflowType: 'test', shop: 'a', kind: 'gift' }] },
        { sinkName: '__temporal_metrics', functionName: 'recordMetricHistogramValue', args: ['size', 'float', null, null, 1.5, { workflowType: 'test' }] },
      ],
      logs: [{ level: 'error', message: 'oops', attributes: { n: 1, error: { name: 'RangeError', message: 'too far' } } }],
    });
    expect(await begin('tellingWorkflow', { isReplaying: true }, 'replayed')).toMatchObject({ logs: [], sinkCalls: [{ sinkName: 'events' }] });
  });

  it('given a waiting run, when the built-in queries are asked, then they tell what it waits for and what it handles', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('describedWorkflow'));
    const ask = (queryName: string) => ({ type: 'queryWorkflow' as const, queryId: queryName, queryName, args: [] });
    expect(await run.result(ask('__stack_trace'), ask('__enhanced_stack_trace'), ask('__temporal_workflow_metadata'))).toMatchObject({
      queryAnswers: [
        { result: 'timer 1' },
        { result: { sdk: { name: 'backstitch' }, stacks: [{ locations: [{ function_name: 'timer 1', internal_code: true }] }] } },
        { result: { definition: { type: 'test', signalDefinitions: [{ name: 'stop' }], queryDefinitions: expect.arrayContaining([{ name: 'status', description: 'how it is' }]) }, currentDetails: 'waiting for a day' } },
      ],
    });
  });

  it('given calls that are traced, when commands are collected and the stack is asked for, then both name lines of the sources', async () => {
    expect(await begin('describedWorkflow', { tracesCalls: true })).toMatchObject({ commandPositions: [expect.stringMatching(/^surface-workflows\.ts:\d+:\d+$/)] });
    const answer = await new DrivenRun(sandbox).result({ type: 'queryWorkflow', queryId: 'q', queryName: '__stack_trace', args: [] });
    expect(answer).toMatchObject({ queryAnswers: [{ result: expect.stringMatching(/^timer 1\n +at surface-workflows\.ts:\d+:\d+\n +at describedWorkflow \(surface-workflows\.ts:\d+:\d+\)$/) }] });
  });

  it('given error classes that a workflow declares as failures, when it throws one, then it fails by the name of the class', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('declaredFailureWorkflow'));
    expect(await run.advance(fired(1))).toMatchObject([{ type: 'failWorkflow', failure: { message: 'none left', applicationFailureInfo: { type: 'OutOfStock' } } }]);
  });

  it('given the globals beyond the language, when they are used, then they do what they do elsewhere, with durable timers', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advanceInShort(initialize('globalsWorkflow'))).toEqual(['timer #2 10', 'timer #3 20']);
    await run.advance(fired(2));
    expect(await run.advanceInShort(fired(3))).toEqual(['complete ["aborted",true,"é漢",{"a":[1]},"timeout","stored"]']);
  });

  it('given a callback of setTimeout that throws, when it is called, then the workflow task fails', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('throwingTimeoutWorkflow'));
    expect(await run.result(fired(1))).toMatchObject({ status: 'taskFailed', failure: { message: 'a bug in a callback' } });
  });
});
