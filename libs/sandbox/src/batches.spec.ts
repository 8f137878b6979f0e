import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import type { ActivationJob, ActivationResult } from '@backstitch/protocol';
import { activation, completed, DrivenRun, failed, fired, initialize, signal, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox, createSandbox, type WorkflowBundle } from './index.js';

const TIMEOUT_MS = 150;

describe('batches', () => {
  let bundle: WorkflowBundle;
  beforeAll(async () => {
    bundle = await testBundle();
  });

  it('given 1,000 runs of several kinds, when they are advanced as batches or one by one, then every run gives the same results', async () => {
    const scripts: ActivationJob[][][] = [
      [[initialize('sagaWorkflow', ['o'])], [completed(1, { reservation: 'r' })], [completed(2, { charge: 'c' })], [failed(3)], [completed(4)], [completed(5)], [completed(6)]],
      [[initialize('chainWorkflow', ['o'])], [completed(1, { reservation: 'r' })], [fired(1)], [completed(2, { charge: 'c' })]],
      [[initialize('countingWorkflow')], [signal('add', 1)], [signal('add', 2)]],
      [[initialize('bufferingWorkflow'), signal('add', 1)], [signal('add', 2)], [fired(1)], [signal('add', 3)], [fired(2)]],
    ];
    const runs = Array.from({ length: 1_000 }, (_, index) => ({ runId: `run-${index}`, script: scripts[index % scripts.length] as ActivationJob[][] }));
    const steps = Math.max(...scripts.map((script) => script.length));
    const rows = (step: number) =>
      runs.flatMap(({ runId, script }) => (script[step] === undefined ? [] : [activation(runId, script[step], { timestampMs: 1_000 + step })]));

    const together = new Map<string, ActivationResult[]>();
    const alone = new Map<string, ActivationResult[]>();
    const keep = (into: Map<string, ActivationResult[]>, results: ActivationResult[]): void =>
      results.forEach((result) => into.set(result.runId, [...(into.get(result.runId) ?? []), result]));
    const [batched, single] = [createInThreadSandbox({ bundle, activationTimeoutMs: 10_000 }), createInThreadSandbox({ bundle, activationTimeoutMs: 10_000 })];
    for (let step = 0; step < steps; step++) {
      keep(together, await batched.activate(rows(step)));
      for (const row of rows(step)) keep(alone, await single.activate([row]));
    }
    expect(together.size).toBe(1_000);
    expect(together).toEqual(alone);
    expect([...together.values()].every((results) => results.every(({ status }) => status === 'completed'))).toBe(true);
  });

  it('given the same seed, when runs draw random numbers, then they draw the same; given another, others', async () => {
    const drawnWith = async (seed: string): Promise<ActivationResult> => {
      const run = new DrivenRun(createInThreadSandbox({ bundle }));
      await run.advance(initialize('randomWorkflow', [], seed));
      return run.result(fired(1));
    };
    const [first, again, other] = [await drawnWith('a'), await drawnWith('a'), await drawnWith('b')];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first).toMatchObject({
      commands: [
        {
          // Recorded histories depend on these numbers: they may never change.
          result: {
            drawn: [expect.any(Number), expect.any(Number), expect.any(Number)],
            id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
            before: 1_700_000_000_000,
            after: '2023-11-14T22:13:20.000Z',
          },
        },
      ],
    });
  });

  it('given runs of one batch at different times, when their code asks after an await, then each sees its own time', async () => {
    const sandbox = createInThreadSandbox({ bundle });
    await sandbox.activate([activation('a', [initialize('randomWorkflow')], { timestampMs: 1 }), activation('b', [initialize('randomWorkflow')], { timestampMs: 2 })]);
    const results = await sandbox.activate([activation('a', [fired(1)], { timestampMs: 1_000 }), activation('b', [fired(1)], { timestampMs: 2_000 })]);
    expect(results).toMatchObject([
      { commands: [{ result: { before: 1, after: '1970-01-01T00:00:01.000Z' } }] },
      { commands: [{ result: { before: 2, after: '1970-01-01T00:00:02.000Z' } }] },
    ]);
  });
});

describe('code that does not come back', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({ bundle: await testBundle(), activationTimeoutMs: TIMEOUT_MS });
  });
  afterAll(() => sandbox.close());

  it.each(['loopWorkflow', 'microtaskLoopWorkflow', 'thenableLoopWorkflow'])(
    'given %s in a batch, when it never comes back, then it alone fails and the others are replayed to where they were',
    async (workflowType) => {
      const first = [activation('good-1', [initialize('chainWorkflow', ['o'])]), activation('bad', [initialize(workflowType)]), activation('good-2', [initialize('chainWorkflow', ['o'])])];
      const second = [activation('good-1', [completed(1, { reservation: 'r' })]), activation('bad', [fired(1)]), activation('good-2', [completed(1, { reservation: 'r' })])];
      await sandbox.activate(first);
      const results = await sandbox.activate(second);
      expect(results.map(({ runId, status }) => `${runId} ${status}`)).toEqual(['good-1 unknownRun', 'bad unknownRun', 'good-2 unknownRun']);
      // As the engine does: replay what is unknown, then apply what was new.
      await sandbox.activate(first.map((each) => ({ ...each, info: { ...each.info, isReplaying: true } })));
      expect(await sandbox.activate(second)).toMatchObject([
        { runId: 'good-1', status: 'completed', commands: [{ type: 'startTimer' }] },
        { runId: 'bad', status: 'taskFailed', failure: { applicationFailureInfo: { type: 'WorkflowTaskTimedOut' } } },
        { runId: 'good-2', status: 'completed', commands: [{ type: 'startTimer' }] },
      ]);
    },
  );

  it('given a run that loops from its start, when it begins in a batch with others, then it fails and the others begin, all in one call', async () => {
    expect(
      await sandbox.activate([
        activation('good-1', [initialize('chainWorkflow', ['o'])]),
        activation('bad', [initialize('conditionLoopWorkflow')]),
        activation('good-2', [initialize('chainWorkflow', ['o'])]),
      ]),
    ).toMatchObject([{ status: 'completed' }, { status: 'taskFailed' }, { status: 'completed' }]);
  });

  it('given a batch that was stopped, when options were named in it for the first time, then they come complete with the runs that are begun again', async () => {
    const fresh = await createSandbox({ bundle: await testBundle(), activationTimeoutMs: TIMEOUT_MS });
    try {
      const results = await fresh.activate([activation('good', [initialize('sagaWorkflow', ['o'])]), activation('bad', [initialize('conditionLoopWorkflow')])]);
      expect(results).toMatchObject([
        { commands: [{ options: { taskQueue: 'shop', startToCloseTimeoutMs: 30_000 }, undo: { activityType: 'release' } }] },
        { status: 'taskFailed' },
      ]);
    } finally {
      await fresh.close();
    }
  });

  it('given runs with the same literals, when they schedule, then the options are one frozen object for all of them', async () => {
    const starts = ['twin-1', 'twin-2'].map((runId) => activation(runId, [initialize('sagaWorkflow', ['o'])]));
    const [first, second] = (await sandbox.activate(starts)).map((result) => (result.status === 'completed' ? result.commands[0] : undefined));
    if (first?.type !== 'scheduleActivity' || second?.type !== 'scheduleActivity') throw new Error('nothing was scheduled');
    expect(first.options).toBe(second.options);
    expect(Object.isFrozen(first.options.retryPolicy)).toBe(true);
  });
});
