import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '@backstitch/protocol';
import { EngineHarness } from '../engine-harness.js';
import { ScriptedSandbox, type WorkflowScript } from '../scripted-sandbox.js';
import { orderScript } from './order-script.js';

/** Told to, it begins something that only recovery or the clock can move. */
const told: WorkflowScript = function* (workflow, what = null) {
  yield* workflow.until(() => workflow.signals.length > 0);
  if (what === 'sleep') {
    const timer = workflow.startTimer(60_000);
    yield* workflow.until(() => workflow.hasFired(timer));
    return 'awake';
  }
  if (what === 'work') {
    return JSON.stringify(yield* workflow.activity('work', []));
  }
  yield* workflow.childEnded(workflow.startChild('told', 'the-child', ['sleep']));
  return 'child ended';
};

function orders(): EngineHarness {
  return new EngineHarness(new ScriptedSandbox({ order: orderScript }));
}

describe('two engines on one store', () => {
  it('given an engine whose copy of a run is old, when it appends, then it loses alone, reads again, and the message is applied', async () => {
    const kit = orders();
    await kit.start('order', 'order-1');
    await kit.start('order', 'order-2');
    const other = new EngineHarness(new ScriptedSandbox({ order: orderScript }), {}, { store: kit.store, dispatcher: kit.dispatcher });
    const [first, second] = [kit.dispatcher.take('reserveStock'), kit.dispatcher.take('reserveStock')];
    // The other engine takes a signal for the first order: the first engine's copy is old now.
    await other.engine.signal('order-1', 'hello', []);
    await kit.engine.deliver([kit.outcomeOf(first, { status: 'completed', result: null }), kit.outcomeOf(second, { status: 'completed', result: null })]);
    await kit.settled();
    expect(kit.told('batchCommitted').map(({ staleRuns }) => staleRuns)).toContain(1);
    expect(kit.dispatcher.waiting('payment').length).toBe(2);
    expect(kit.history('order-1').filter((type) => type === 'ACTIVITY_TASK_COMPLETED').length).toBe(1);
    // … and goes on from there in memory.
    kit.store.loads.length = 0;
    await kit.complete('chargePayment');
    expect(kit.store.loads).toEqual([]);
  });

  it('given an old copy, when an outcome speaks of an activity or attempt that it does not know, then the outcome is not lost', async () => {
    const kit = orders();
    await kit.start('order', 'order-1');
    const other = new EngineHarness(new ScriptedSandbox({ order: orderScript }), {}, { store: kit.store, dispatcher: kit.dispatcher });
    await other.complete('reserveStock');
    await other.fail('chargePayment');
    await kit.fail('chargePayment');
    expect((await kit.describe('order-1')).activities[1]).toMatchObject({ attempt: 3 });
    await kit.complete('chargePayment');
    expect(kit.dispatcher.waiting('fulfilment').length).toBe(1);
  });

  it('given an old copy of the attempts alone, when a later attempt fails, then the count goes on from there', async () => {
    const kit = orders();
    await kit.start('order', 'order-1');
    const other = new EngineHarness(new ScriptedSandbox({ order: orderScript }), {}, { store: kit.store, dispatcher: kit.dispatcher });
    await other.fail('reserveStock', { message: 'first' });
    await kit.fail('reserveStock', { message: 'second' });
    expect((await kit.describe('order-1')).activities[0]).toMatchObject({ attempt: 3, attempts: [{ attempt: 1 }, { attempt: 2 }] });
  });

  it('given an old copy of the attempts alone, when that engine dispatches again, then the later attempt is not put back, and its outcome counts', async () => {
    const kit = orders();
    await kit.start('order', 'order-1');
    const other = new EngineHarness(new ScriptedSandbox({ order: orderScript }), {}, { store: kit.store, dispatcher: kit.dispatcher });
    await other.fail('reserveStock');
    await other.fail('reserveStock');
    const third = kit.dispatcher.take('reserveStock');
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.settled();
    expect((await kit.describe('order-1')).activities).toMatchObject([{ attempt: 3 }]);
    await kit.answer(third, { status: 'failed', failure: { message: 'third' } });
    expect((await kit.describe('order-1')).activities).toMatchObject([{ attempt: 4 }]);
    expect(kit.dispatcher.waiting('inventory').map(({ job: { attempt, dispatch } }) => [attempt, dispatch])).toContainEqual([4, 1]);
  });

  describe('given an old copy that knows of nothing to do', () => {
    async function toldByTheOther(what: string): Promise<{ kit: EngineHarness; other: EngineHarness; runId: string }> {
      const kit = new EngineHarness(new ScriptedSandbox({ told }));
      const { runId } = (await kit.start('told', 'w', what)) as { runId: string };
      const other = new EngineHarness(new ScriptedSandbox({ told }), {}, { store: kit.store, dispatcher: kit.dispatcher });
      return { kit, other, runId };
    }

    it('when a timer that the other engine began is due, then it fires', async () => {
      const { kit, other } = await toldByTheOther('sleep');
      await other.engine.signal('w', 'go', []);
      await kit.advance(60_000);
      expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED', result: 'awake' });
    });

    it('when what the other engine scheduled is dispatched again, then it goes out', async () => {
      const { kit, other, runId } = await toldByTheOther('work');
      await other.engine.signal('w', 'go', []);
      await other.settled();
      kit.dispatcher.take('work');
      await kit.engine.redispatch([runId]);
      await kit.settled();
      expect(kit.dispatcher.waiting().map(({ job: { dispatch } }) => dispatch)).toEqual([2]);
    });

    it('when a call that the other engine could not make is made again, then it is made', async () => {
      const { kit, other, runId } = await toldByTheOther('call');
      other.beforeSend = () => Promise.reject(new StoreUnavailableError(1_000));
      await other.engine.signal('w', 'go', []);
      await other.settled();
      await kit.engine.resumeCalls([runId]);
      await kit.settled();
      expect(await kit.describe('the-child')).toMatchObject({ status: 'RUNNING' });
    });

    it('when it is woken or dispatched again in vain, then it is read once for each, and goes on', async () => {
      const { kit, runId } = await toldByTheOther('sleep');
      await kit.engine.wake([runId]);
      await kit.engine.redispatch([runId]);
      await kit.engine.resumeCalls([runId]);
      expect(kit.store.loads.length).toBeLessThanOrEqual(3);
      await kit.engine.signal('w', 'go', []);
      await kit.advance(60_000);
      expect(await kit.describe('w')).toMatchObject({ status: 'COMPLETED' });
    });
  });

  it.each(['completed', 'failed'] as const)('given an attempt that not even the store knows, when it has %s, then its outcome counts', async (status) => {
    const kit = orders();
    await kit.start('order', 'order-1');
    const job = { ...kit.dispatcher.take('reserveStock'), attempt: 4 };
    await kit.answer(job, status === 'completed' ? { status, result: null } : { status, failure: { message: 'no' } });
    expect((await kit.describe('order-1')).activities).toMatchObject([
      status === 'completed' ? { status: 'COMPLETED', attempt: 4 } : { status: 'BACKING_OFF', attempt: 5 },
      ...(status === 'completed' ? [{ activityType: 'chargePayment' }] : []),
    ]);
  });

  it('given both engines that race for every message of many orders, when all is answered, then every order has completed once', async () => {
    const kit = orders();
    const other = new EngineHarness(new ScriptedSandbox({ order: orderScript }), {}, { store: kit.store, dispatcher: kit.dispatcher });
    await kit.engine.start(Array.from({ length: 20 }, (_, index) => ({ workflowId: `order-${index}`, workflowType: 'order', args: [index] })));
    await kit.settled();
    for (const activityType of ['reserveStock', 'chargePayment', 'shipOrder']) {
      const outcomes = Array.from({ length: 20 }, () => kit.outcomeOf(kit.dispatcher.take(activityType), { status: 'completed', result: null }));
      await Promise.all([kit.engine.deliver(outcomes), other.engine.deliver([...outcomes].reverse())]);
      await Promise.all([kit.settled(), other.settled()]);
    }
    for (let index = 0; index < 20; index += 1) {
      expect(kit.history(`order-${index}`).filter((type) => type === 'ACTIVITY_TASK_COMPLETED').length).toBe(3);
      expect((await kit.describe(`order-${index}`)).status).toBe('COMPLETED');
    }
    expect(kit.dispatcher.dispatched.length).toBe(60);
  });
});

describe('a store that cannot be reached', () => {
  it.each(['before', 'after'] as const)('given a commit that fails %s it was applied, when a start is tried again, then there is one run', async (fault) => {
    const kit = orders();
    kit.store.failNextCommit(fault);
    await expect(kit.start('order', 'order-1')).rejects.toThrow(StoreUnavailableError);
    expect(kit.engine.pressure()).toEqual({ waitingMessages: 0, cachedRuns: 0 });
    expect((kit.sandbox as ScriptedSandbox).runIds()).toEqual([]);
    expect(kit.told('dispatchFailed')).toMatchObject([{ taskQueue: 'inventory', jobs: 1, runIds: [expect.any(String)] }]);
    expect((await kit.start('order', 'order-1')).status).toBe(fault === 'before' ? 'started' : 'existing');
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.settled();
    await kit.complete('reserveStock');
    expect(kit.dispatcher.waiting('payment').length).toBe(1);
  });

  it.each(['before', 'after'] as const)('given a commit that fails %s it was applied, when the outcome is delivered again, then it counts once', async (fault) => {
    const kit = orders();
    await kit.start('order', 'order-1');
    const job = kit.dispatcher.take('reserveStock');
    kit.store.failNextCommit(fault);
    await expect(kit.answer(job, { status: 'completed', result: null })).rejects.toThrow(StoreUnavailableError);
    await kit.answer(job, { status: 'completed', result: null });
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.settled();
    expect(kit.history('order-1').filter((type) => type === 'ACTIVITY_TASK_COMPLETED').length).toBe(1);
    await kit.complete('chargePayment');
    expect(kit.dispatcher.waiting('fulfilment').length).toBe(1);
  });

  it('given a store that is down, when it is read or written, then every caller hears of it; when it is back, all goes on', async () => {
    const kit = orders();
    await kit.start('order', 'order-1');
    await kit.restart();
    kit.store.unavailable = true;
    await expect(kit.engine.signal('order-1', 'x', [])).rejects.toThrow(StoreUnavailableError);
    await expect(kit.engine.wake([kit.ids.runId()])).rejects.toThrow(StoreUnavailableError);
    await expect(kit.describe('order-1')).rejects.toThrow(StoreUnavailableError);
    kit.store.unavailable = false;
    await kit.complete('reserveStock');
    expect(kit.dispatcher.waiting('payment').length).toBe(1);
  });
});

describe('a run that cannot be handled', () => {
  it('given one among others of its batch, when the commit is refused for its content, then it alone hears of it, and the others go on', async () => {
    const kit = orders();
    await kit.engine.start(Array.from({ length: 3 }, (_, index) => ({ workflowId: `order-${index}`, workflowType: 'order', args: [index] })));
    await kit.settled();
    kit.store.beforeCommit = (appends) => {
      if (appends.some(({ record }) => record.workflowId === 'order-1')) throw new Error('the content is refused');
    };
    const outcomes = Array.from({ length: 3 }, () => kit.outcomeOf(kit.dispatcher.take('reserveStock'), { status: 'completed', result: null }));
    const answers = await Promise.allSettled(outcomes.map((outcome) => kit.engine.deliver([outcome])));
    await kit.settled();
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(kit.dispatcher.waiting('payment').map(({ job }) => job.workflowId)).toEqual(['order-0', 'order-2']);
    expect(kit.told('dispatchFailed')).toEqual([]);
  });
});

describe('jobs that are lost', () => {
  it('given a queue that cannot be reached, when an order starts, then it is accepted, and its step is dispatched again later', async () => {
    const kit = orders();
    kit.dispatcher.unreachable = true;
    expect((await kit.start('order', 'order-1')).status).toBe('started');
    await kit.settled();
    expect(kit.told('dispatchFailed')).toMatchObject([{ taskQueue: 'inventory', jobs: 1 }]);
    kit.dispatcher.unreachable = false;
    const eventsBefore = kit.history('order-1').length;
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.settled();
    expect(kit.history('order-1').length).toBe(eventsBefore);
    expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs: 0, job: { activityType: 'reserveStock', attempt: 1, dispatch: 2 } }]);
    await kit.complete('reserveStock');
    expect(kit.dispatcher.waiting('payment').length).toBe(1);
  });

  it('given a crash between commit and dispatch, when a new engine recovers, then the order goes on', async () => {
    const kit = orders();
    await kit.start('order', 'order-1');
    await kit.complete('reserveStock');
    kit.dispatcher.flush();
    await kit.restart();
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.settled();
    await kit.complete('chargePayment');
    await kit.complete('shipOrder');
    expect((await kit.describe('order-1')).status).toBe('COMPLETED');
    expect(kit.store.runIdsWithOpenActivities()).toEqual([]);
  });

  it('given an attempt that backs off, when it is dispatched again, then it keeps its attempt number and the rest of its delay', async () => {
    const kit = orders();
    await kit.start('order', 'order-1');
    await kit.fail('reserveStock');
    kit.clock.advance(400);
    kit.dispatcher.flush();
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.settled();
    expect(kit.dispatcher.waiting()).toMatchObject([{ delayMs: 600, job: { attempt: 2, dispatch: 2 } }]);
    expect((await kit.describe('order-1')).activities).toMatchObject([{ status: 'BACKING_OFF', attempt: 2 }]);
  });

  it('given both dispatches of an attempt that run, when both fail, then one next attempt follows', async () => {
    const kit = orders();
    await kit.start('order', 'order-1');
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.settled();
    await kit.fail('reserveStock');
    await kit.fail('reserveStock');
    expect(kit.dispatcher.waiting()).toMatchObject([{ job: { attempt: 2 } }]);
  });

  it('given a thousand runs to recover, when they are dispatched again, then no code is replayed for it', async () => {
    const sandbox = new ScriptedSandbox({ order: orderScript });
    const kit = new EngineHarness(sandbox);
    await kit.engine.start(Array.from({ length: 1_000 }, (_, index) => ({ workflowId: `order-${index}`, workflowType: 'order', args: [index] })));
    await kit.settled();
    await kit.restart();
    sandbox.batches.length = 0;
    await kit.engine.redispatch(kit.store.runIdsWithOpenActivities());
    await kit.settled();
    expect(sandbox.batches).toEqual([]);
    expect(kit.dispatcher.dispatched.length).toBe(2_000);
  });
});
