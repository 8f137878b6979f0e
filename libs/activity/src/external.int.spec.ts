import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';
import type { ActivityJob } from '@backstitch/protocol';
import { ActivityHarness } from '../test/activity-harness.js';
import { deferred, until } from '../test/deferred.js';
import { ACTIVITY_FAILURE_TYPE, Context } from './index.js';

describe.each(queueBackendsUnderTest())('external activities, with queues on %s', (backend) => {
  let harness: ActivityHarness;
  beforeAll(async () => {
    harness = await ActivityHarness.start(backend);
  });
  beforeEach(() => harness.bench.reset());
  afterAll(() => harness.stop());

  /** Ends the connection that holds the lock on a step, as if its process had been killed. */
  const dropLockHolder = () =>
    harness.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
  const holdInside = async (job: ActivityJob) => {
    const gate = deferred();
    harness.bench.entered = deferred();
    harness.bench.gate = gate;
    await harness.dispatch(job);
    await harness.bench.entered.promise;
    return gate;
  };

  it('given an external step, when it runs, then its slices are committed one by one and the last one with the result', async () => {
    const job = harness.job({ activityType: 'charge' });
    const gate = await holdInside(job);
    expect(await harness.inboxRow(job.key)).toEqual({ state: 'started', result: null, undone: false, checkpoint: { intent: 'o1' } });
    expect(await harness.effectsOf(job)).toEqual(['intent']);
    gate.resolve();
    expect((await harness.outcomeOf(job)).outcome).toEqual({ status: 'completed', result: { chargeId: 'charge-o1' } });
    expect(await harness.inboxRow(job.key)).toMatchObject({ state: 'completed', result: { chargeId: 'charge-o1' } });
    expect(await harness.effectsOf(job)).toEqual(['intent', 'charged']);
    expect(await harness.run({ ...job, dispatch: 2 })).toMatchObject({ repeated: true, outcome: { result: { chargeId: 'charge-o1' } } });
    expect(harness.bench.calls).toHaveLength(1);
  });

  it('given an external step that is running, when it is delivered again, then the second delivery waits and gets the first one’s result', async () => {
    const job = harness.job({ activityType: 'charge' });
    const gate = await holdInside(job);
    const again = { ...job, dispatch: 2 };
    await harness.dispatch(again);
    await until('the second delivery waits', async () => (await harness.lockWaits()) === 1);
    gate.resolve();
    expect(await harness.outcomeOf(again)).toMatchObject({ repeated: true, outcome: { result: { chargeId: 'charge-o1' } } });
    expect(await harness.effectsOf(job)).toEqual(['intent', 'charged']);
  });

  it('given an external step whose process dies, when it is tried again, then it knows that it began before, and where it was', async () => {
    const job = harness.job({ activityType: 'charge' });
    const gate = await holdInside(job);
    await dropLockHolder();
    expect((await harness.outcomeOf(job)).outcome).toMatchObject({ failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.serviceUnavailable } } });
    gate.resolve();
    const second = { ...job, attempt: 2 };
    expect((await harness.run(second)).outcome).toMatchObject({ status: 'completed' });
    expect(harness.bench.infos[1]).toMatchObject({ startedBefore: true, checkpoint: { intent: 'o1' } });
    expect(await harness.effectsOf(job)).toEqual(['intent', 'intent', 'charged']);
  });

  it('given an external step that lost its lock, when its handler goes on after the undo, then it can commit nothing', async () => {
    const job = harness.job({ activityType: 'externalScripted' });
    const gate = deferred();
    const finished = deferred<unknown>();
    harness.bench.entered = deferred();
    harness.bench.script = async () => {
      await gate.promise;
      try {
        await Context.current().transaction((manager) => manager.query('INSERT INTO effects (key, note) VALUES ($1, $2)', [job.key, 'too late']));
        finished.resolve('committed');
      } catch (error) {
        finished.resolve(error);
      }
    };
    await harness.dispatch(job);
    await harness.bench.entered.promise;
    await dropLockHolder();
    await harness.outcomeOf(job);
    expect((await harness.run(harness.undoJob(job, { activityType: 'refund' }))).outcome).toEqual({ status: 'completed', result: { step: 'started' } });
    gate.resolve();
    expect(await finished.promise).toBeInstanceOf(Error);
    expect(await harness.effectsOf(job)).toEqual([]);
    expect((await harness.run({ ...job, attempt: 2 })).outcome).toMatchObject({ failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.stepUndone } } });
  });

  it.each(['release', 'refund'])('given an external step that is running, when its undo %s comes, then the undo waits and sees it completed', async (activityType) => {
    const job = harness.job({ activityType: 'charge' });
    const gate = await holdInside(job);
    const undo = harness.undoJob(job, { activityType });
    await harness.dispatch(undo);
    await until('the undo waits', async () => (await harness.lockWaits()) === 1);
    expect(harness.bench.calls.map((call) => call.activity)).toEqual(['charge']);
    gate.resolve();
    expect((await harness.outcomeOf(undo)).outcome).toMatchObject({ status: 'completed', result: { step: 'completed' } });
    expect((await harness.run({ ...job, dispatch: 9 })).outcome).toMatchObject({ failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.stepUndone } } });
  });

  it('given an external undo, when it fails, then the tombstone stays and the undo can be tried again', async () => {
    const step = harness.job({ activityType: 'externalScripted' });
    harness.bench.script = () => Promise.reject(new Error('the provider is down'));
    expect((await harness.run(step)).outcome).toMatchObject({ failure: { message: 'the provider is down' } });
    const undo = harness.undoJob(step, { activityType: 'externalUndo' });
    expect((await harness.run(undo)).outcome).toMatchObject({ failure: { message: 'the provider is down' } });
    expect(await harness.inboxRow(step.key)).toMatchObject({ state: 'started', undone: true });
    harness.bench.script = async () => 'undone';
    expect((await harness.run({ ...undo, attempt: 2 })).outcome).toEqual({ status: 'completed', result: 'undone' });
    expect(harness.bench.infos.at(-1)).toMatchObject({ startedBefore: true, undo: { step: 'started', stepKey: step.key } });
  });

  it('given an external step that returns its result, when it does, then the result is stored at the end', async () => {
    const job = harness.job({ activityType: 'externalScripted' });
    harness.bench.script = async () => ({ plain: true });
    expect((await harness.run(job)).outcome).toEqual({ status: 'completed', result: { plain: true } });
    expect(await harness.run({ ...job, dispatch: 2 })).toMatchObject({ repeated: true, outcome: { result: { plain: true } } });
  });

  it('given slices that are begun together, when they run, then they run one after another', async () => {
    const job = harness.job({ activityType: 'externalScripted' });
    const order: string[] = [];
    harness.bench.script = async () => {
      const slice = (name: string) =>
        Context.current().transaction(async (manager) => {
          order.push(`${name} begins`);
          await manager.query('INSERT INTO effects (key, note) VALUES ($1, $2)', [job.key, name]);
          order.push(`${name} ends`);
        });
      await Promise.all([slice('a'), slice('b')]);
    };
    await harness.run(job);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    expect(await harness.effectsOf(job)).toEqual(['a', 'b']);
  });

  it('given a lock that does not come free in time, when the wait is over, then the attempt fails and may be retried', async () => {
    const impatient = await ActivityHarness.start(backend, { lockWaitMs: 50 });
    try {
      const job = impatient.job({ activityType: 'charge' });
      const gate = deferred();
      impatient.bench.entered = deferred();
      impatient.bench.gate = gate;
      await impatient.dispatch(job);
      await impatient.bench.entered.promise;
      const failure = { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.stepStillRunning, nonRetryable: false } };
      expect((await impatient.run({ ...job, dispatch: 2 })).outcome).toMatchObject({ failure });
      expect((await impatient.run(impatient.undoJob(job))).outcome).toMatchObject({ failure });
      gate.resolve();
      expect((await impatient.outcomeOf(job)).outcome.status).toBe('completed');
    } finally {
      await impatient.stop();
    }
  });
});
