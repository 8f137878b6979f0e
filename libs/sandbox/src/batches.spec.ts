import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Sandbox } from '@backstitch/engine';
import type { ActivationJob, ActivationResult } from '@backstitch/protocol';
import { activation, completed, DrivenRun, failed, fired, initialize, signal, testBundle } from '../test/sandbox-driver.js';
import { createInThreadSandbox, createSandbox, type WorkflowBundle } from './index.js';

/** Long enough that a busy machine does not stop what does not loop. */
const TIMEOUT_MS = 500;

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

  it('given a run that was about to go on when its batch was stopped, when it is begun again, then what it had left undone harms neither it nor others', async () => {
    await sandbox.activate([activation('dogged', [initialize('doggedWorkflow')])]);
    const stopped = await sandbox.activate([activation('dogged', [fired(1)]), activation('hasty', [initialize('immediateLoopWorkflow')])]);
    expect(stopped).toMatchObject([{ status: 'unknownRun' }, { status: 'taskFailed' }]);
    expect(await sandbox.activate([activation('innocent', [initialize('chainWorkflow', ['o'])])])).toMatchObject([{ status: 'completed' }]);
    const again = new DrivenRun(sandbox, 'dogged');
    expect(await again.advanceInShort(initialize('doggedWorkflow'))).toEqual(['timer #1 1']);
    expect(await again.advanceInShort(fired(1))).toEqual(['timer #2 1']);
  });

  /** Stops a batch in which a run has its loop before it still. */
  async function stopEarly(name: string): Promise<void> {
    await sandbox.activate([activation(`${name}, to come`, [initialize('loopWorkflow')])]);
    await sandbox.activate([activation(`${name}, to come`, [fired(1)]), activation(name, [initialize('immediateLoopWorkflow')])]);
  }

  it('given a loop that had yet to come when its batch was stopped, when it comes while another run is alone, then that one is not blamed', async () => {
    await stopEarly('first');
    expect(await sandbox.activate([activation('fresh', [initialize('countingWorkflow')])])).toMatchObject([{ status: 'completed' }]);
    await stopEarly('second');
    expect(await sandbox.activate([activation('fresh', [signal('add', 1)])])).toMatchObject([{ status: 'unknownRun' }]);
    const again = await sandbox.activate([activation('fresh', [initialize('countingWorkflow')]), activation('fresh', [signal('add', 1)])]);
    expect(again).toMatchObject([{ status: 'completed' }, { status: 'completed' }]);
  });

  it('given a loop that had yet to come when its batch was stopped, when it comes while a suspect is alone, then that one is not blamed', async () => {
    const [start, goOn] = [activation('suspect', [initialize('countingWorkflow')]), activation('suspect', [signal('add', 1)])];
    await sandbox.activate([start, activation('thenable', [initialize('thenableLoopWorkflow')])]);
    expect(await sandbox.activate([goOn, activation('thenable', [fired(1)])])).toMatchObject([{ status: 'unknownRun' }, { status: 'unknownRun' }]);
    await stopEarly('third');
    expect(await sandbox.activate([{ ...start, info: { ...start.info, isReplaying: true } }])).toMatchObject([{ status: 'completed' }]);
    await stopEarly('fourth');
    expect(await sandbox.activate([goOn])).toMatchObject([{ status: 'unknownRun' }]);
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
