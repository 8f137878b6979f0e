import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import { activation, completed, DrivenRun, failed, fired, initialize, signal, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox, createSandbox, SandboxClosedError, type SandboxOptions, type WorkflowBundle, WorkflowBundleVersionError } from './index.js';

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
    const sandbox = await sandboxWith({ memoryPerThreadMiB: 32, activationTimeoutMs: 30_000 });
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

  it('given a bundle of another version, when a sandbox is made, then it is refused and says what to do', async () => {
    const old = { ...bundle, bundleVersion: 1 } as unknown as WorkflowBundle;
    await expect(createSandbox({ bundle: old })).rejects.toThrow(new WorkflowBundleVersionError(1));
    expect(() => createInThreadSandbox({ bundle: old })).toThrow(/bundle the workflows again/);
  });

  it('given a thread that was replaced, when runs schedule what the old one had scheduled, then their options are complete', async () => {
    const sandbox = await sandboxWith({ memoryPerThreadMiB: 32, activationTimeoutMs: 30_000 });
    const start = activation('good', [initialize('sagaWorkflow', ['o'])]);
    const [before] = await sandbox.activate([start]);
    await sandbox.activate([activation('bad', [initialize('memoryWorkflow')])]);
    expect(await sandbox.activate([activation('bad', [fired(1)])])).toMatchObject([{ status: 'taskFailed' }]);
    expect(await sandbox.activate([start])).toEqual([before]);
    expect(before).toMatchObject({ commands: [{ options: { taskQueue: 'shop' }, undo: { activityType: 'release', taskQueue: 'shop.compensation' } }] });
  });

  it('given batches for longer than one time limit lasts, when they are many and short, then none is stopped', async () => {
    const run = new DrivenRun(await sandboxWith({ activationTimeoutMs: 1_000 }));
    await run.advance(initialize('countingWorkflow'));
    const endMs = performance.now() + 1_500;
    // Throws if the run was lost.
    while (performance.now() < endMs) expect(await run.advance(signal('add', 0))).toEqual([]);
  });

  it('given a closed sandbox, when it is used, then it says so', async () => {
    const sandbox = await sandboxWith();
    await sandbox.close();
    await expect(sandbox.activate([activation('a', [initialize('chainWorkflow')])])).rejects.toThrow(SandboxClosedError);
  });
});
