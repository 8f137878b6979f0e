import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import { DEFAULT_RETRY_POLICY, type ActivationJob, type ChildWorkflowOptions, type Failure } from '@backstitch/protocol';
import { cancel, DrivenRun, fired, initialize, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

const started: ActivationJob = { type: 'resolveChildWorkflowStart', seq: 1, resolution: { status: 'started', runId: 'child-run' } };
const closed = (result: string): ActivationJob => ({ type: 'resolveChildWorkflow', seq: 1, resolution: { status: 'completed', result } });
const cancelledChild: Failure = {
  message: 'Child Workflow execution failed',
  cause: { message: 'cancelled', canceledFailureInfo: {} },
  childWorkflowExecutionFailureInfo: { workflowId: 'child-1', runId: 'child-run', workflowType: 'greetingChildWorkflow', initiatedEventId: 5, startedEventId: 6, retryState: 'NON_RETRYABLE_FAILURE' },
};

describe('child workflows', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createInThreadSandbox({ bundle: await testBundle() });
  });

  it('given executeChild with options, when it is called, then its command has them in milliseconds, and the result is the child’s', async () => {
    const run = new DrivenRun(sandbox);
    const [command] = await run.advance(initialize('executingParentWorkflow'));
    expect(command).toEqual({
      type: 'startChildWorkflow',
      seq: 1,
      workflowId: 'child-1',
      workflowType: 'greetingChildWorkflow',
      args: ['you'],
      options: {
        taskQueue: 'children',
        parentClosePolicy: 'TERMINATE',
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowRunTimeoutMs: 3_600_000,
        retryPolicy: { ...DEFAULT_RETRY_POLICY, maximumAttempts: 2 },
        memo: { a: 1 },
      } satisfies ChildWorkflowOptions,
    });
    expect(await run.advanceInShort(started)).toEqual([]);
    expect(await run.advanceInShort(closed('Hello you'))).toEqual(['complete "Hello you"']);
  });

  it('given startChild, when the child has begun, then the handle knows its run, signals go to it, and its result can be awaited', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advanceInShort(initialize('startingParentWorkflow'))).toEqual(['child greetingChildWorkflow #1 child-1']);
    expect(await run.advanceInShort(started)).toEqual(['signal poke #1 to {"childSeq":1}']);
    expect(await run.advanceInShort({ type: 'resolveSignalExternalWorkflow', seq: 1 }, closed('bye'))).toEqual([
      'complete {"workflowId":"child-1","firstExecutionRunId":"child-run","result":"bye"}',
    ]);
  });

  it('given no workflow id, when a child is started, then its id is the run’s next UUID', async () => {
    const [command] = await new DrivenRun(sandbox).advance(initialize('defaultChildIdWorkflow', [], '0192f0c1-1111-7222-8333-444455556666'));
    expect(command).toMatchObject({ workflowId: expect.stringMatching(/^fda7[0-9a-f]{4}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/), workflowType: 'any', args: [], options: { taskQueue: 'default' } });
  });

  it.each<[string, ActivationJob, string]>([
    ['its id is taken', { type: 'resolveChildWorkflowStart', seq: 1, resolution: { status: 'failed', cause: 'WORKFLOW_ALREADY_EXISTS', workflowId: 'child-1', workflowType: 'greetingChildWorkflow' } }, 'WorkflowExecutionAlreadyStartedError ← nothing'],
    ['its type is unknown', { type: 'resolveChildWorkflowStart', seq: 1, resolution: { status: 'failed', cause: 'WORKFLOW_TYPE_UNKNOWN', workflowId: 'child-1', workflowType: 'greetingChildWorkflow' } }, 'ApplicationFailure ← nothing'],
    ['it fails', { type: 'resolveChildWorkflow', seq: 1, resolution: { status: 'failed', failure: { message: 'refused', applicationFailureInfo: {} } } }, 'ChildWorkflowFailure of greetingChildWorkflow child-1 ← ApplicationFailure'],
    ['it is terminated', { type: 'resolveChildWorkflow', seq: 1, resolution: { status: 'failed', failure: { ...cancelledChild, cause: { message: 'x', terminatedFailureInfo: {} } } } }, 'ChildWorkflowFailure of greetingChildWorkflow child-1 ← TerminatedFailure'],
    ['it is cancelled', { type: 'resolveChildWorkflow', seq: 1, resolution: { status: 'canceled', failure: cancelledChild } }, 'ChildWorkflowFailure of greetingChildWorkflow child-1 ← CancelledFailure'],
  ])('given a child, when %s, then the parent sees that', async (_case, job, expected) => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('childOutcomeWorkflow'));
    expect(await run.advanceInShort(job)).toEqual([`complete "${expected}"`]);
  });

  const endedAs = 'complete "ChildWorkflowFailure of greetingChildWorkflow child-1 ← CancelledFailure"';
  it.each<[string, string[]]>([
    ['WAIT_CANCELLATION_COMPLETED', ['cancel child #1']],
    ['WAIT_CANCELLATION_REQUESTED', ['cancel child #1']],
    ['TRY_CANCEL', ['cancel child #1', endedAs]],
    ['ABANDON', [endedAs]],
  ])('given %s, when the parent is cancelled, then the child is asked and awaited as that says, and what comes late is ignored', async (cancellationType, expected) => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('childOutcomeWorkflow', [{ cancellationType }]));
    await run.advance(started);
    expect(await run.advanceInShort(cancel)).toEqual(expected);
    const late: ActivationJob = { type: 'resolveChildWorkflow', seq: 1, resolution: { status: 'canceled', failure: cancelledChild } };
    expect(await run.advanceInShort(late)).toEqual(expected.includes(endedAs) ? [] : [endedAs]);
  });

  it('given a child that is started and cancelled within one activation, when commands are collected, then there is none for it', async () => {
    expect(await new DrivenRun(sandbox).advanceInShort(initialize('withdrawnChildWorkflow'))).toEqual(['complete "ChildWorkflowFailure ← CancelledFailure"']);
  });

  it('given an outcome for a child that the code never started, when it comes, then the workflow task fails', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('childOutcomeWorkflow'));
    expect(await run.result({ type: 'resolveChildWorkflow', seq: 2, resolution: { status: 'completed', result: null } })).toMatchObject({ status: 'taskFailed', failure: { message: 'Child 2 was resolved, but this code has started only 1.' } });
  });

  it('given another workflow, when it is signalled and cancelled, then commands name it, and the answers settle the calls in turn', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advance(initialize('externalWorkflow'))).toEqual([{ type: 'signalExternalWorkflow', seq: 1, target: { workflowId: 'other', runId: 'run-9' }, signalName: 'poke', args: ['there'] }]);
    expect(await run.advance({ type: 'resolveSignalExternalWorkflow', seq: 1 })).toEqual([{ type: 'requestCancelExternalWorkflow', seq: 1, workflowId: 'other', runId: 'run-9' }]);
    const failure: Failure = { message: 'no such workflow', applicationFailureInfo: { type: 'NotFound' } };
    expect(await run.advanceInShort({ type: 'resolveRequestCancelExternalWorkflow', seq: 1, failure })).toEqual(['complete "ApplicationFailure: no such workflow"']);
  });

  it('given calls to another workflow that wait, when this one is cancelled, then the signal is given up if it can be, and the cancellation is no longer waited for', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('cancelledExternalWorkflow'));
    expect(await run.advanceInShort(cancel)).toEqual(['cancel signal #1', 'patch __temporal_internal_connect_external_handle_cancel_to_scope']);
    const failure: Failure = { message: 'given up', canceledFailureInfo: {} };
    expect(await run.advanceInShort({ type: 'resolveSignalExternalWorkflow', seq: 1, failure })).toEqual(['complete "CancelledFailure,CancelledFailure"']);
  });

  it('given continueAsNew, when it is called, then the run ends with what the next one begins with', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('endlessWorkflow', [1]));
    expect(await run.advance(fired(1))).toEqual([{ type: 'continueAsNew', workflowType: 'test', args: [2] }]);
    expect(await new DrivenRun(sandbox, 'other').advance(initialize('changingWorkflow'))).toEqual([
      { type: 'continueAsNew', workflowType: 'endlessWorkflow', args: [7], taskQueue: 'elsewhere', memo: { left: true }, searchAttributes: { Kind: ['b'] }, workflowRunTimeoutMs: 60_000 },
    ]);
  });
});
