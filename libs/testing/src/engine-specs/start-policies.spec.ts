import { describe, expect, it } from '@jest/globals';
import type { StartWorkflowRequest, StartWorkflowResult } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, ScriptFailed, type WorkflowScript } from '../scripted-sandbox.js';

const listener: WorkflowScript = function* (workflow) {
  yield* workflow.until(() => workflow.signals.some(({ signalName }) => signalName === 'end' || signalName === 'fail'));
  return workflow.signals.at(-1)?.signalName === 'fail' ? new ScriptFailed({ message: 'no' }) : workflow.signals.map(({ signalName }) => signalName);
};

function kitOf(): EngineHarness {
  return new EngineHarness(new ScriptedSandbox({ listener }));
}

async function start(kit: EngineHarness, request: Partial<StartWorkflowRequest> = {}): Promise<StartWorkflowResult> {
  const [result] = await kit.engine.start([{ workflowId: 'w', workflowType: 'listener', args: [], ...request }]);
  await kit.settled();
  return result as StartWorkflowResult;
}

describe('reusing a workflow id', () => {
  it.each([
    ['REJECT_DUPLICATE', 'end', 'conflict'],
    ['REJECT_DUPLICATE', 'fail', 'conflict'],
    ['ALLOW_DUPLICATE', 'end', 'started'],
    ['ALLOW_DUPLICATE_FAILED_ONLY', 'end', 'conflict'],
    ['ALLOW_DUPLICATE_FAILED_ONLY', 'fail', 'started'],
  ] as const)('given the policy %s and a run that closed by "%s", when another start comes, then it is %s', async (workflowIdReusePolicy, how, status) => {
    const kit = kitOf();
    await start(kit);
    await kit.engine.signal('w', how, []);
    expect((await start(kit, { args: [2], workflowIdReusePolicy })).status).toBe(status);
    await kit.restart();
    const runs = kit.store.runIdsOf('w');
    expect(runs.length).toBe(status === 'started' ? 2 : 1);
    expect((await kit.describe('w')).runId).toBe(runs.at(-1));
    expect((await kit.engine.describe('w', runs[0])).status).not.toBe('RUNNING');
  });

  it('given ALLOW_DUPLICATE and a request that names itself, when it is repeated after its run has closed, then it is that run', async () => {
    const kit = kitOf();
    const request = { workflowIdReusePolicy: 'ALLOW_DUPLICATE', requestFingerprint: 'r-1' } as const;
    await start(kit, request);
    await kit.engine.signal('w', 'end', []);
    expect((await start(kit, request)).status).toBe('existing');
    expect((await start(kit, { ...request, requestFingerprint: 'r-2' })).status).toBe('started');
  });

  it('given a running workflow, when another start comes, then its conflict policy decides', async () => {
    const kit = kitOf();
    const first = await start(kit);
    expect((await start(kit, { args: [2] })).status).toBe('conflict');
    expect(await start(kit, { args: [2], workflowIdConflictPolicy: 'USE_EXISTING' })).toEqual({ status: 'existing', workflowId: 'w', runId: first.status === 'started' ? first.runId : '', executionStatus: 'RUNNING' });
    const third = await start(kit, { args: [2], workflowIdConflictPolicy: 'TERMINATE_EXISTING' });
    expect(third.status).toBe('started');
    const [before, after] = kit.store.runIdsOf('w') as [string, string];
    expect((await kit.engine.describe('w', before)).status).toBe('TERMINATED');
    expect(await kit.describe('w')).toMatchObject({ status: 'RUNNING', runId: after, input: [2] });
    await kit.engine.signal('w', 'end', []);
    expect((await kit.describe('w')).status).toBe('COMPLETED');
  });

  it('given a call that names a closed run, when another one has its place, then the call is for the named run', async () => {
    const kit = kitOf();
    await start(kit);
    await kit.engine.signal('w', 'end', []);
    await start(kit, { args: [2], workflowIdReusePolicy: 'ALLOW_DUPLICATE' });
    const [closed] = kit.store.runIdsOf('w') as [string];
    await expect(kit.engine.signal('w', 'x', [], undefined, { runId: closed })).rejects.toMatchObject({ code: 'WORKFLOW_ALREADY_CLOSED' });
    await kit.engine.signal('w', 'end', []);
    expect((await kit.describe('w')).status).toBe('COMPLETED');
  });
});

describe('signal with start', () => {
  const signal = { signalName: 'hello', args: [] };

  it('given no run, when it comes, then start and signal stand in one commit, and the first task sees both', async () => {
    const kit = kitOf();
    await start(kit, { signal });
    expect(kit.history('w')).toEqual(['WORKFLOW_EXECUTION_STARTED', 'WORKFLOW_EXECUTION_SIGNALED', 'WORKFLOW_TASK_SCHEDULED', 'WORKFLOW_TASK_STARTED', 'WORKFLOW_TASK_COMPLETED']);
    expect(kit.store.commits.length).toBe(1);
  });

  it('given a running workflow, when it comes, then that one gets the signal; and if it has closed, a new one', async () => {
    const kit = kitOf();
    await start(kit);
    expect((await start(kit, { args: ['other'], signal, workflowIdReusePolicy: 'ALLOW_DUPLICATE' })).status).toBe('existing');
    await kit.engine.signal('w', 'end', []);
    expect((await kit.describe('w')).result).toEqual(['hello', 'end']);
    expect((await start(kit, { args: ['other'], signal, workflowIdReusePolicy: 'ALLOW_DUPLICATE' })).status).toBe('started');
    await kit.engine.signal('w', 'end', []);
    expect((await kit.describe('w')).result).toEqual(['hello', 'end']);
  });

  it('given a request that names itself, when it is repeated, then its signal is recorded once', async () => {
    const kit = kitOf();
    await start(kit, { signal, requestFingerprint: 'r' });
    await start(kit, { signal, requestFingerprint: 'r' });
    await kit.engine.signal('w', 'end', [], undefined, { requestId: 's' });
    expect((await kit.describe('w')).result).toEqual(['hello', 'end']);
    await kit.engine.signal('w', 'end', [], undefined, { requestId: 's' });
  });
});
