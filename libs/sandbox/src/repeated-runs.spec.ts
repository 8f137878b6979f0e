import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import type { Activation, ActivationResult } from '@backstitch/protocol';
import { activation, completed, fired, initialize, signal, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox, createSandbox, SandboxClosedError, type WorkflowBundle } from './index.js';

/** Long enough that a busy machine does not stop what does not loop. */
const TIMEOUT_MS = 500;
/** Where nothing loops. */
const PATIENT_MS = 30_000;

const inShort = (results: readonly ActivationResult[]): string[] => results.map(({ runId, status }) => `${runId} ${status}`);
const replayed = (batch: readonly Activation[]): Activation[] => batch.map((each) => ({ ...each, info: { ...each.info, isReplaying: true } }));

const saga = (runId: string): Activation[] => [
  activation(runId, [initialize('sagaWorkflow', [runId])]),
  activation(runId, [completed(1, { reservation: 'r' })], { timestampMs: 2_000 }),
  activation(runId, [completed(2, { charge: 'c' })], { timestampMs: 3_000 }),
];
const counting = (runId: string, signals: number): Activation[] => [
  activation(runId, [initialize('countingWorkflow')]),
  ...Array.from({ length: signals }, () => activation(runId, [signal('add', 1)])),
];
const looping = (runId: string, workflowType = 'loopWorkflow'): Activation[] => [activation(runId, [initialize(workflowType)]), activation(runId, [fired(1)]), activation(runId, [signal('add', 1)])];

describe.each<[string, (bundle: WorkflowBundle) => Promise<Sandbox> | Sandbox]>([
  ['in this thread', (bundle) => createInThreadSandbox({ bundle })],
  ['on a worker thread', (bundle) => createSandbox({ bundle })],
])('several activations of a run in one batch, %s', (_, make) => {
  let bundle: WorkflowBundle;
  const open: Sandbox[] = [];
  const sandboxOf = async (): Promise<Sandbox> => {
    const sandbox = await make(bundle);
    open.push(sandbox);
    return sandbox;
  };
  beforeAll(async () => {
    bundle = await testBundle();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((sandbox) => sandbox.close()));
  });

  it('given runs of several kinds, when all their activations come in one batch, then each has the results of calls one by one', async () => {
    const [a, b, c] = [saga('a'), counting('b', 3), [activation('c', [initialize('chainWorkflow', ['o'])])]] as const;
    const batch = [a[0], b[0], b[1], a[1], c[0], b[2], a[2], b[3]] as Activation[];
    const [sandbox, single] = [await sandboxOf(), await sandboxOf()];
    const expected: ActivationResult[] = [];
    for (const one of batch) expected.push(...(await single.activate([one])));
    const results = await sandbox.activate(batch);
    expect(results).toEqual(expected);
    expect(results.every((result) => result.status === 'completed')).toBe(true);
    expect(results[5]).toMatchObject({ runId: 'b', commands: [{ type: 'completeWorkflow', result: 2 }] });
  });

  it('given a run whose task fails midway, when it has more activations, then they find no run, and the others go on', async () => {
    const sandbox = await sandboxOf();
    const bad = [activation('bad', [initialize('bugWorkflow')]), activation('bad', [completed(1, {})]), activation('bad', [signal('add', 1)]), activation('bad', [signal('add', 1)])];
    const results = await sandbox.activate([...bad, ...saga('good')]);
    expect(inShort(results)).toEqual(['bad completed', 'bad taskFailed', 'bad unknownRun', 'bad unknownRun', 'good completed', 'good completed', 'good completed']);
  });

  it('given a run that is not known, when one of its activations makes it, then those before it find none and those after it do', async () => {
    const sandbox = await sandboxOf();
    const results = await sandbox.activate([activation('a', [signal('add', 1)]), activation('a', [signal('add', 1)]), ...counting('a', 2)]);
    expect(inShort(results)).toEqual(['a unknownRun', 'a unknownRun', 'a completed', 'a completed', 'a completed']);
    expect(results[4]).toMatchObject({ commands: [{ type: 'completeWorkflow', result: 2 }] });
  });
});

describe('several activations of a run in one batch, on a worker thread', () => {
  const open: Sandbox[] = [];
  const sandboxOf = async (activationTimeoutMs = TIMEOUT_MS, memoryPerThreadMiB = 1_024): Promise<Sandbox> => {
    const sandbox = await createSandbox({ bundle: await testBundle(), activationTimeoutMs, memoryPerThreadMiB });
    open.push(sandbox);
    return sandbox;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((sandbox) => sandbox.close()));
  });

  it('given a loop midway with others in its round, when it is stopped, then those are lost from there on, others keep all, and it is found out in the replay', async () => {
    const sandbox = await sandboxOf();
    const [bad, long, short] = [looping('bad'), counting('long', 2), counting('short', 0)];
    const results = await sandbox.activate([...long, ...bad, ...short]);
    expect(inShort(results)).toEqual(['long completed', 'long unknownRun', 'long unknownRun', 'bad completed', 'bad unknownRun', 'bad unknownRun', 'short completed']);
    // As the engine does: replay what is unknown, all of it.
    const again = await sandbox.activate([...replayed(bad), ...replayed(long)]);
    expect(inShort(again)).toEqual(['bad completed', 'bad taskFailed', 'bad unknownRun', 'long completed', 'long completed', 'long completed']);
    expect(again[1]).toMatchObject({ failure: { applicationFailureInfo: { type: 'WorkflowTaskTimedOut' } } });
    expect(await sandbox.activate([activation('short', [signal('add', 2)])])).toMatchObject([{ commands: [{ type: 'completeWorkflow', result: 2 }] }]);
  });

  it.each(['loopWorkflow', 'microtaskLoopWorkflow'])('given %s that is alone in its round, when it loops, then it is blamed at once, and what others did before counts', async (workflowType) => {
    const sandbox = await sandboxOf();
    const results = await sandbox.activate([...looping('bad', workflowType), ...counting('good', 0)]);
    expect(inShort(results)).toEqual(['bad completed', 'bad taskFailed', 'bad unknownRun', 'good completed']);
    expect(results[1]).toMatchObject({ failure: { applicationFailureInfo: { type: 'WorkflowTaskTimedOut' } } });
    expect(await sandbox.activate([activation('good', [signal('add', 2)])])).toMatchObject([{ commands: [{ type: 'completeWorkflow', result: 2 }] }]);
  });

  it('given a loop at its start, when it begins in a batch with others that have more to do, then they begin again and do it, all in one call', async () => {
    const sandbox = await sandboxOf();
    const bad = [activation('bad', [initialize('conditionLoopWorkflow')]), activation('bad', [signal('add', 1)])];
    const results = await sandbox.activate([...bad, ...counting('good', 2)]);
    expect(inShort(results)).toEqual(['bad taskFailed', 'bad unknownRun', 'good completed', 'good completed', 'good completed']);
    expect(results[4]).toMatchObject({ commands: [{ type: 'completeWorkflow', result: 2 }] });
  });

  it('given activations that together take longer than the time limit, when each keeps to it, then none is stopped', async () => {
    const limitMs = 1_000;
    const sandbox = await sandboxOf(limitMs);
    // However fast the machine is: before they take longer, nothing is seen here.
    for (let count = 200, tookMs = 0; tookMs <= limitMs + 100; count *= 2) {
      const runId = `slow ${count}`;
      const activations = [activation(runId, [initialize('labouringWorkflow')]), ...Array.from({ length: count }, () => activation(runId, [signal('add', 1)]))];
      const startedAtMs = performance.now();
      const results = await sandbox.activate(activations);
      tookMs = performance.now() - startedAtMs;
      expect(results.every(({ status }) => status === 'completed')).toBe(true);
    }
  });

  it('given a run that brings the thread down midway, when it began in the same batch, then the activation that did it is found', async () => {
    const sandbox = await sandboxOf(PATIENT_MS, 32);
    const results = await sandbox.activate([...looping('bad', 'memoryWorkflow'), ...saga('good')]);
    expect(inShort(results)).toEqual(['bad completed', 'bad taskFailed', 'bad unknownRun', 'good completed', 'good completed', 'good completed']);
    expect(results[1]).toMatchObject({ failure: { applicationFailureInfo: { type: 'SandboxCrashed' } } });
  });

  it('given a run that brings the thread down midway, when it began before, then all of the batch are lost, and it is found out in the replay', async () => {
    const sandbox = await sandboxOf(PATIENT_MS, 32);
    const [bad, good] = [looping('bad', 'memoryWorkflow'), saga('good')];
    await sandbox.activate([bad[0], good[0]] as Activation[]);
    const lost = await sandbox.activate([...bad.slice(1), ...good.slice(1)]);
    expect(inShort(lost)).toEqual(['bad unknownRun', 'bad unknownRun', 'good unknownRun', 'good unknownRun']);
    const again = await sandbox.activate([...replayed(good), ...replayed(bad)]);
    expect(inShort(again)).toEqual(['good completed', 'good completed', 'good completed', 'bad completed', 'bad taskFailed', 'bad unknownRun']);
    expect(again[4]).toMatchObject({ failure: { applicationFailureInfo: { type: 'SandboxCrashed' } } });
  });

  it('given a run with much to do, when another brings the thread down meanwhile, then what was done counts, and the rest finds no run', async () => {
    const sandbox = await sandboxOf(PATIENT_MS, 32);
    const [bad, good] = [looping('bad', 'memoryWorkflow'), saga('good')];
    await sandbox.activate([bad[0] as Activation]);
    const long = [activation('long', [initialize('labouringWorkflow')]), ...Array.from({ length: 20 }, () => activation('long', [signal('add', 1)]))];
    const [results, crashed, others] = await Promise.all([sandbox.activate(long), sandbox.activate([bad[1] as Activation]), sandbox.activate(good)]);
    expect(inShort(crashed)).toEqual(['bad taskFailed']);
    const done = results.filter(({ status }) => status === 'completed').length;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(results.length);
    expect(results.slice(done).every(({ status }) => status === 'unknownRun')).toBe(true);
    expect(others.every(({ status }) => status === 'completed')).toBe(true);
    expect(others[0]).toMatchObject({ commands: [{ type: 'scheduleActivity', options: { taskQueue: 'shop' } }] });
  });

  it('given a run with much to do, when another call comes meanwhile, then that one need not wait for all of it, and what the run is told later comes later', async () => {
    const sandbox = await sandboxOf(PATIENT_MS);
    const order: string[] = [];
    const noting = async (name: string, batch: Activation[]): Promise<ActivationResult[]> => {
      const results = await sandbox.activate(batch);
      order.push(name);
      return results;
    };
    const calls = [
      noting('long', [activation('long', [initialize('labouringWorkflow')]), ...Array.from({ length: 20 }, () => activation('long', [signal('add', 1)]))]),
      noting('later', [activation('long', [signal('add', 1)])]),
      noting('other', counting('other', 2)),
    ];
    const results = (await Promise.all(calls)).flat();
    expect(order).toEqual(['other', 'long', 'later']);
    expect(results.every(({ status }) => status === 'completed')).toBe(true);
  });

  it('given a run with much to do, when the sandbox is closed after a part of it, then the call is refused, and so is what the run was to be told later', async () => {
    const sandbox = await sandboxOf(PATIENT_MS);
    const long = [activation('long', [initialize('labouringWorkflow')]), ...Array.from({ length: 60 }, () => activation('long', [signal('add', 1)]))];
    const refused = Promise.all([long, [activation('long', [signal('add', 1)])]].map((batch) => expect(sandbox.activate(batch)).rejects.toThrow(SandboxClosedError)));
    await sandbox.activate(counting('other', 2));
    await sandbox.close();
    await refused;
  });
});
