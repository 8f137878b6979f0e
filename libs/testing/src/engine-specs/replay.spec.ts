import { describe, expect, it } from '@jest/globals';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';
import { orderScript } from './order-script.js';

/** Two activities at once, a timer, signals, attributes: every kind of job and command. */
const busy: WorkflowScript = function* (workflow, rounds = 3) {
  workflow.commands.push({ type: 'upsertSearchAttributes', searchAttributes: { Stage: ['begun'] } });
  for (let round = 1; round <= Number(rounds); round += 1) {
    const [left, right] = [workflow.schedule('left', [round]), workflow.schedule('right', [round])];
    const timer = workflow.startTimer(60_000);
    yield* workflow.until(() => workflow.signals.length >= round || workflow.hasFired(timer));
    if (!workflow.hasFired(timer)) {
      workflow.commands.push({ type: 'cancelTimer', seq: timer });
    }
    yield* workflow.ended(right);
    yield* workflow.ended(left);
  }
  return workflow.signals.length;
};

async function playBusy(kit: EngineHarness, evict: boolean): Promise<void> {
  const { runId } = (await kit.start('busy', 'w', 3)) as { runId: string };
  const forget = async (): Promise<void> => (evict ? kit.engine.evict([runId]) : undefined);
  for (let round = 1; round <= 3; round += 1) {
    await forget();
    await kit.complete('left', round);
    await forget();
    if (round === 2) {
      await kit.advance(60_000);
    } else {
      await kit.engine.signal('w', 'go', [round]);
    }
    await forget();
    await kit.fail('right');
    await forget();
    await kit.complete('right', -round);
    await kit.engine.signal('w', 'extra', []).catch(() => undefined);
  }
}

describe('replay', () => {
  it('given a run that is evicted before each message, when it ends, then its history is the one of a run that stayed in memory', async () => {
    const options = { searchAttributes: { Stage: 'Keyword' } } as const;
    const kept = new EngineHarness(new ScriptedSandbox({ busy }), options);
    const evicted = new EngineHarness(new ScriptedSandbox({ busy }), options);
    await playBusy(kept, false);
    await playBusy(evicted, true);
    const history = kept.store.storedByWorkflowId('w').events;
    expect(history.at(-1)?.eventType).toBe('WORKFLOW_EXECUTION_COMPLETED');
    expect(evicted.store.storedByWorkflowId('w').events).toEqual(history);
    expect(evicted.told('batchCommitted').reduce((sum, { replayedRuns }) => sum + replayedRuns, 0)).toBeGreaterThan(5);
    expect(kept.told('batchCommitted').every(({ replayedRuns }) => replayedRuns === 0)).toBe(true);
  });

  it('given recorded tasks, when they are replayed, then each gets the very activation of then, save that it knows it is a replay', async () => {
    const sandbox = new ScriptedSandbox({ busy });
    const kit = new EngineHarness(sandbox, { searchAttributes: { Stage: 'Keyword' } });
    await playBusy(kit, false);
    const live = sandbox.batches.flat();
    sandbox.batches.length = 0;
    await kit.restart();
    await expect(kit.engine.query('w', 'nothing', [])).rejects.toMatchObject({ code: 'QUERY_NOT_REGISTERED' });
    const replayed = sandbox.batches.flat().slice(0, -1);
    expect(live.length).toBeGreaterThan(6);
    expect(replayed.map((activation) => ({ ...activation, info: { ...activation.info, isReplaying: false } }))).toEqual(live);
    expect(replayed.every(({ info }) => info.isReplaying)).toBe(true);
  });

  it('given many runs to bring back, when they get messages together, then the steps of all of them share each sandbox call', async () => {
    const sandbox = new ScriptedSandbox({ order: orderScript });
    const kit = new EngineHarness(sandbox);
    await kit.engine.start(Array.from({ length: 50 }, (_, index) => ({ workflowId: `order-${index}`, workflowType: 'order', args: [index] })));
    await kit.settled();
    await kit.engine.deliver(Array.from({ length: 50 }, () => kit.outcomeOf(kit.dispatcher.take('reserveStock'), { status: 'completed', result: null })));
    await kit.settled();
    await kit.restart();
    sandbox.batches.length = 0;
    kit.store.loads.length = 0;
    await kit.engine.deliver(Array.from({ length: 50 }, () => kit.outcomeOf(kit.dispatcher.take('chargePayment'), { status: 'completed', result: null })));
    expect(kit.store.loads.length).toBe(1);
    expect(sandbox.batches.map((batch) => batch.length)).toEqual([100, 50]);
  });

  it('given a cache of three runs, when ten are started, then the others are evicted from the sandbox too, and go on by replay', async () => {
    const sandbox = new ScriptedSandbox({ order: orderScript });
    const kit = new EngineHarness(sandbox, { cachedRunsMax: 3 });
    await kit.engine.start(Array.from({ length: 10 }, (_, index) => ({ workflowId: `order-${index}`, workflowType: 'order', args: [index] })));
    await kit.settled();
    expect(kit.engine.pressure().cachedRuns).toBe(3);
    expect(sandbox.runIds().length).toBe(3);
    for (let index = 0; index < 10; index += 1) {
      await kit.complete('reserveStock');
    }
    expect(kit.dispatcher.waiting('payment').length).toBe(10);
    expect(sandbox.runIds().length).toBe(3);
  });

  it('given a sandbox that lost a run, when the run gets a message, then it is brought back and goes on', async () => {
    const sandbox = new ScriptedSandbox({ order: orderScript });
    const kit = new EngineHarness(sandbox);
    const { runId } = (await kit.start('order', 'order-1')) as { runId: string };
    await kit.complete('reserveStock');
    sandbox.forgetOnce.add(runId);
    await kit.complete('chargePayment');
    expect(kit.dispatcher.waiting().map(({ job }) => job.activityType)).toEqual(['shipOrder']);
    sandbox.forgetOnce.add(runId);
    expect(await kit.engine.query('order-1', 'begun', [])).toBe(3);
    expect((await kit.describe('order-1')).incidents).toEqual([]);
  });

  it('given a timer that starts and is cancelled in one task, when the run goes on, then neither stands in the history', async () => {
    const hasty: WorkflowScript = function* (workflow) {
      const timer = workflow.startTimer(1_000);
      workflow.commands.push({ type: 'cancelTimer', seq: timer });
      yield* workflow.activity('act');
      return null;
    };
    const kit = new EngineHarness(new ScriptedSandbox({ hasty }));
    await kit.start('hasty', 'w');
    expect(kit.history('w').slice(3)).toEqual(['WORKFLOW_TASK_COMPLETED', 'ACTIVITY_TASK_SCHEDULED']);
    await kit.restart();
    await kit.complete('act');
    expect((await kit.describe('w')).status).toBe('COMPLETED');
  });
});

describe('code that does not fit the history', () => {
  const original: WorkflowScript = function* (workflow) {
    yield* workflow.activity('first', [1]);
    yield* workflow.activity('second', [2]);
    return 'original';
  };
  const changes: [string, WorkflowScript, object, object | null][] = [
    [
      'another activity',
      function* (workflow) {
        yield* workflow.activity('renamed', [1]);
      },
      { activityType: 'first' },
      { activityType: 'renamed' },
    ],
    [
      'a timer instead of an activity',
      function* (workflow) {
        yield* workflow.sleep(1_000);
      },
      { eventType: 'ACTIVITY_TASK_SCHEDULED' },
      { eventType: 'TIMER_STARTED' },
    ],
    [
      'nothing',
      function* () {
        yield;
      },
      { activityType: 'first' },
      null,
    ],
    [
      'another order',
      function* (workflow) {
        workflow.schedule('second', [2]);
        workflow.schedule('first', [1]);
        yield;
      },
      { activityType: 'first' },
      { activityType: 'second' },
    ],
  ];

  it.each(changes)('given a deployment that produces %s, when the run is replayed, then it is held with both sides, and nothing is executed', async (_, changed, recorded, produced) => {
    const sandbox = new ScriptedSandbox({ original });
    const kit = new EngineHarness(sandbox);
    await kit.start('original', 'w');
    sandbox.replace('original', changed);
    await kit.restart();
    await kit.complete('first', 'r1');
    const { incidents, status } = await kit.describe('w');
    expect(status).toBe('RUNNING');
    expect(incidents).toMatchObject([{ incidentNumber: 1, kind: 'NONDETERMINISM', divergence: { eventId: 5, recorded, produced } }]);
    expect(kit.dispatcher.waiting()).toEqual([]);
    expect(kit.history('w').slice(5)).toEqual(['ACTIVITY_TASK_STARTED', 'ACTIVITY_TASK_COMPLETED', 'WORKFLOW_EXECUTION_SIGNALED']);
    // While it is held it loses nothing, and when the code is mended it goes on.
    await kit.engine.signal('w', 'hello', []);
    await expect(kit.engine.query('w', 'anything', [])).rejects.toMatchObject({ code: 'QUERY_FAILED' });
    await kit.engine.resolveIncident('w', 1, 'retry', { reason: 'try', identity: 'me' });
    expect((await kit.describe('w')).incidents).toMatchObject([{ resolution: { action: 'retry', identity: 'me' } }, { incidentNumber: 2, kind: 'NONDETERMINISM' }]);
    sandbox.replace('original', original);
    await kit.engine.resolveIncident('w', 2, 'retry', { reason: 'rolled back' });
    await kit.settled();
    expect(await kit.describe('w')).toMatchObject({ openIncidents: 0 });
    await kit.complete('second');
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 'original' });
    expect(kit.told('incidentOpened').length).toBe(2);
    expect(kit.told('incidentResolved').length).toBe(2);
  });

  it('given a divergence that a query finds, when the incident is retried, then the run is replayed though there is nothing to tell it', async () => {
    const sandbox = new ScriptedSandbox({ original });
    const kit = new EngineHarness(sandbox);
    await kit.start('original', 'w');
    sandbox.replace('original', function* (workflow) {
      yield* workflow.sleep(1);
    });
    await kit.restart();
    await expect(kit.engine.query('w', 'x', [])).rejects.toMatchObject({ code: 'QUERY_FAILED' });
    await kit.engine.resolveIncident('w', 1, 'retry', { reason: 'again' });
    expect((await kit.describe('w')).incidents).toMatchObject([{ resolution: {} }, { kind: 'NONDETERMINISM', incidentNumber: 2 }]);
    sandbox.replace('original', original);
    await kit.engine.resolveIncident('w', 2, 'retry', { reason: 'rolled back' });
    expect((await kit.describe('w')).openIncidents).toBe(0);
  });

  it('given a deployment that decides more than is recorded, when the run is replayed, then the surplus is the divergence', async () => {
    const sandbox = new ScriptedSandbox({ original });
    const kit = new EngineHarness(sandbox);
    await kit.start('original', 'w');
    sandbox.replace('original', function* (workflow) {
      workflow.schedule('first', [1]);
      workflow.schedule('surplus');
      yield;
    });
    await kit.restart();
    await kit.complete('first');
    expect((await kit.describe('w')).incidents).toMatchObject([{ divergence: { eventId: 6, recorded: null, produced: { activityType: 'surplus' } } }]);
  });

  it('given a deployment that changes only an input and options, when the run is replayed, then it goes on with what is recorded, and the drift is told', async () => {
    const sandbox = new ScriptedSandbox({ original });
    const kit = new EngineHarness(sandbox);
    await kit.start('original', 'w');
    sandbox.replace('original', function* (workflow) {
      yield* workflow.activity('first', ['changed'], { startToCloseTimeoutMs: 5 });
      yield* workflow.activity('second', [2]);
      return 'changed';
    });
    await kit.restart();
    expect((await kit.complete('first')).input).toEqual([1]);
    expect(kit.told('driftFound')).toMatchObject([{ workflowId: 'w', eventIds: [5] }]);
    await kit.complete('second');
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 'changed', incidents: [] });
  });

  it('given a bundle without the workflow, when the run gets a message, then it is held, and goes on when the workflow is back', async () => {
    const sandbox = new ScriptedSandbox({ original });
    const kit = new EngineHarness(sandbox);
    await kit.start('original', 'w');
    await kit.restart(new ScriptedSandbox({}));
    await kit.complete('first');
    expect((await kit.describe('w')).incidents).toMatchObject([{ kind: 'WORKFLOW_TASK_FAILED', message: expect.stringContaining('"original"') }]);
    await kit.restart(sandbox);
    await kit.engine.resolveIncident('w', 1, 'retry', { reason: 'deployed' });
    await kit.settled();
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { activityType: 'second' } }]);
  });

  it('given code that throws, when its task fails, then what happened is kept, the run waits, and after a retry everything is handled', async () => {
    let isBroken = true;
    const fragile: WorkflowScript = function* (workflow) {
      const { status } = yield* workflow.activity('first');
      if (isBroken) {
        throw new Error('a bug');
      }
      yield* workflow.activity('second');
      return [status, workflow.signals.length];
    };
    const kit = new EngineHarness(new ScriptedSandbox({ fragile }));
    await kit.start('fragile', 'w');
    await kit.complete('first');
    expect(kit.history('w').slice(5)).toEqual(['ACTIVITY_TASK_STARTED', 'ACTIVITY_TASK_COMPLETED', 'WORKFLOW_EXECUTION_SIGNALED']);
    expect((await kit.describe('w')).incidents).toMatchObject([{ kind: 'WORKFLOW_TASK_FAILED', failure: { message: 'a bug' } }]);
    await kit.engine.signal('w', 'while held', []);
    expect(kit.told('incidentOpened').length).toBe(1);
    await expect(kit.engine.resolveIncident('w', 1, 'skip', { reason: 'no' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    isBroken = false;
    await kit.engine.resolveIncident('w', 1, 'retry', { reason: 'fixed' });
    await kit.settled();
    await kit.complete('second');
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: ['completed', 1] });
    await kit.restart();
    await expect(kit.engine.query('w', 'x', [])).rejects.toMatchObject({ code: 'QUERY_NOT_REGISTERED' });
  });

  it('given code that throws in its first task, when the run is started, then the start stands and the run is held', async () => {
    let isBroken = true;
    const fragile: WorkflowScript = function* () {
      if (isBroken) {
        throw new Error('a bug');
      }
      return 'fine';
    };
    const kit = new EngineHarness(new ScriptedSandbox({ fragile }));
    expect((await kit.start('fragile', 'w')).status).toBe('started');
    expect(await kit.describe('w')).toMatchObject({ status: 'RUNNING', openIncidents: 1 });
    isBroken = false;
    await kit.engine.resolveIncident('w', 1, 'retry', { reason: 'fixed' });
    expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 'fine', openIncidents: 0 });
  });

  it('given a held run, when it is terminated, then it is closed and nothing of it stays open', async () => {
    const broken: WorkflowScript = function* () {
      throw new Error('a bug');
    };
    const kit = new EngineHarness(new ScriptedSandbox({ broken }));
    await kit.start('broken', 'w');
    await kit.engine.terminate('w', 'give up', 'me');
    expect(await kit.describe('w')).toMatchObject({ status: 'TERMINATED', openIncidents: 0, failure: { message: 'give up' } });
    expect(kit.history('w').at(-1)).toBe('WORKFLOW_EXECUTION_TERMINATED');
  });

  it('given a history at its limit, when another task would pass it, then the run is held and takes no signals, but can be terminated', async () => {
    const endless: WorkflowScript = function* (workflow) {
      for (;;) {
        yield* workflow.activity('act');
      }
    };
    const kit = new EngineHarness(new ScriptedSandbox({ endless }), { historyLimits: { eventsWarn: 10, eventsMax: 20 } });
    await kit.start('endless', 'w');
    await kit.complete('act');
    await kit.complete('act');
    await kit.complete('act');
    expect(kit.told('historyLong')).toMatchObject([{ historyEvents: 11 }]);
    expect(await kit.describe('w')).toMatchObject({ incidents: [{ kind: 'HISTORY_LIMIT' }], status: 'RUNNING' });
    expect(kit.dispatcher.waiting()).toEqual([]);
    await expect(kit.engine.signal('w', 'more', [])).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await kit.engine.terminate('w', 'too long');
    expect((await kit.describe('w')).status).toBe('TERMINATED');
  });
});
