import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import { activation, completed, DrivenRun, failed, fired, initialize, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox, createSandbox, SandboxClosedError, type SandboxOptions, type WorkflowBundle } from './index.js';

describe('the sandbox on worker threads', () => {
  let bundle: WorkflowBundle;
  const open: Sandbox[] = [];
  const sandboxWith = async (options: Partial<SandboxOptions> = {}): Promise<Sandbox> => {
    const sandbox = await createSandbox({ bundle, ...options });
    open.push(sandbox);
    return sandbox;
  };
  beforeAll(async () => {
    // As in production: nothing but what is in the file.
    bundle = JSON.parse(JSON.stringify(await testBundle())) as WorkflowBundle;
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((sandbox) => sandbox.close()));
  });

  it('given the same activations, when they are applied in a thread and in this one, then the results are the same', async () => {
    const batches = [
      [activation('a', [initialize('sagaWorkflow', ['o'])]), activation('b', [initialize('randomWorkflow')]), activation('c', [initialize('bugWorkflow')])],
      [activation('a', [completed(1, {})]), activation('b', [fired(1)]), activation('c', [completed(1, {})])],
      [activation('a', [failed(2)])],
    ];
    const threaded = await sandboxWith({ threads: 2 });
    const inThread = createInThreadSandbox({ bundle });
    for (const batch of batches) expect(await threaded.activate(batch)).toEqual(await inThread.activate(batch));
    expect(threaded.workflowTypes).toEqual(inThread.workflowTypes);
  });

  it('given an activity that fails before anybody awaits it, when it does, then the thread lives on and the failure is seen when it is awaited', async () => {
    const run = new DrivenRun(await sandboxWith());
    await run.advance(initialize('lateAwaitWorkflow'));
    expect(await run.advanceInShort(failed(1))).toEqual([]);
    expect(await run.advanceInShort(fired(1))).toEqual(['complete "ActivityFailure"']);
  });

  it('given a run that takes all memory, when its thread dies, then a fresh thread serves the others and the run is found out', async () => {
    const sandbox = await sandboxWith({ memoryPerThreadMiB: 32, activationTimeoutMs: 5_000 });
    const starts = [activation('good', [initialize('chainWorkflow', ['o'])]), activation('bad', [initialize('memoryWorkflow')])];
    const news = [activation('good', [completed(1, { reservation: 'r' })]), activation('bad', [fired(1)])];
    await sandbox.activate(starts);
    expect(await sandbox.activate(news)).toEqual([
      { runId: 'good', status: 'unknownRun' },
      { runId: 'bad', status: 'unknownRun' },
    ]);
    await sandbox.activate(starts.map((each) => ({ ...each, info: { ...each.info, isReplaying: true } })));
    const results = await sandbox.activate(news);
    expect(results[1]).toMatchObject({ status: 'taskFailed', failure: { applicationFailureInfo: { type: 'SandboxCrashed' } } });
    expect(results[0]).toMatchObject({ status: 'completed', commands: [{ type: 'startTimer' }] });
  });

  it('given a bundle that cannot be evaluated, when a sandbox is made, then it is refused with the reason', async () => {
    await expect(createSandbox({ bundle: { ...bundle, code: 'nonsense(' } })).rejects.toThrow(/could not start: .*/);
  });

  it('given a closed sandbox, when it is used, then it says so', async () => {
    const sandbox = await sandboxWith();
    await sandbox.close();
    await expect(sandbox.activate([activation('a', [initialize('chainWorkflow')])])).rejects.toThrow(SandboxClosedError);
  });
});
