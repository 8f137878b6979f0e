import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import type { ActivationJob, JsonValue } from '@backstitch/protocol';
import { DrivenRun, fired, initialize, signal, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox } from './index.js';

const update = (updateId: string, updateName: string, ...args: JsonValue[]): ActivationJob => ({ type: 'doUpdate', updateId, updateName, args, runValidator: true });
const query = (queryName: string, ...args: JsonValue[]): ActivationJob => ({ type: 'queryWorkflow', queryId: queryName, queryName, args });

describe('updates and default handlers', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = createInThreadSandbox({ bundle: await testBundle() });
  });

  it('given an update in the first activation, when its handler is set, then it is accepted and completed there', async () => {
    expect(await new DrivenRun(sandbox).advanceInShort(initialize('updatedWorkflow'), update('u1', 'add', 4))).toEqual(['accept u1', 'update u1 completed 4']);
  });

  it('given a validator that refuses, when an update comes, then it is rejected and nothing else happens; in replay it is not asked', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('updatedWorkflow'));
    expect(await run.advanceInShort(update('u1', 'add', -1))).toEqual(['reject u1: only upwards']);
    expect(await run.advanceInShort({ ...update('u2', 'add', -1), runValidator: false } as ActivationJob)).toEqual(['accept u2', 'update u2 completed -1']);
  });

  it('given a handler that waits, when the workflow wants to end, then it can wait for all handlers; each knows its own update', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('updatedWorkflow'));
    expect(await run.advanceInShort(update('u1', 'add', 101), update('u2', 'add', 1), signal('finish'))).toEqual(['accept u1', 'timer #1 10', 'accept u2', 'update u2 completed 1']);
    expect(await run.advance(fired(1))).toEqual([
      { type: 'completeUpdate', updateId: 'u1', outcome: { status: 'completed', result: 102 } },
      { type: 'completeWorkflow', result: { sum: 102, infos: [{ id: 'u1', name: 'add' }, { id: 'u2', name: 'add' }, 'u2', 'u1'], outside: null } },
    ]);
  });

  it('given a handler that throws, when it is a failure, then the update fails; when it is a bug, then the workflow task does', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('updatedWorkflow'));
    expect(await run.advance(update('u1', 'add', 13))).toMatchObject([
      { type: 'acceptUpdate' },
      { type: 'completeUpdate', outcome: { status: 'failed', failure: { message: 'unlucky', applicationFailureInfo: { type: 'Unlucky' } } } },
    ]);
    expect(await run.result(update('u2', 'add', 14))).toMatchObject({ status: 'taskFailed', failure: { message: 'a bug' } });
  });

  it('given an update without a handler, when the activation ends, then it is rejected; one whose handler is set in the same activation is not', async () => {
    const run = new DrivenRun(sandbox);
    expect(await run.advanceInShort(initialize('lateUpdateHandlerWorkflow'), update('u1', 'add', 1))).toEqual(['timer #1 1', 'reject u1: There is no handler for update "add".']);
    expect(await run.advanceInShort(update('u2', 'add', 2), fired(1))).toEqual(['accept u2', 'timer #2 1', 'update u2 completed 2']);
  });

  it('given an async validator, when its promise rejects, then nobody is disturbed', async () => {
    expect(await new DrivenRun(sandbox).advanceInShort(initialize('asyncValidatorWorkflow'), update('u1', 'add', 1))).toEqual(['accept u1', 'timer #1 1', 'update u1 completed 1']);
  });

  it('given handlers still at work, when the workflow ends, then it warns of those that did not say ABANDON', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('hastyWorkflow'), signal('finish'), update('u1', 'add', 1));
    expect(await run.result(fired(3))).toMatchObject({ logs: [{ level: 'warn', message: expect.stringMatching(/lost: signal finish\. /) }] });
  });

  it('given default handlers, when they are set, then they get what no other handles, in order of arrival', async () => {
    const run = new DrivenRun(sandbox);
    await run.advance(initialize('defaultHandlersWorkflow'), signal('one', 1), signal('known', 'a'), signal('two', 2));
    await run.advance(fired(1));
    expect(await run.result(update('u1', 'any', 5), query('other', 6), query('own'))).toMatchObject({
      commands: [{ type: 'acceptUpdate' }, { type: 'completeUpdate', outcome: { result: 'any 5' } }],
      queryAnswers: [{ result: 'other 6' }, { result: 3 }],
    });
    expect(await run.advanceInShort(fired(2))).toEqual(['complete ["known a","one 1","two 2"]']);
  });
});
