import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { ActivityHarness } from '../test/activity-harness.js';
import { deferred, until } from '../test/deferred.js';
import { ACTIVITY_FAILURE_TYPE } from './index.js';

describe.each(queueBackendsUnderTest())('the inbox, with queues on %s', (backend) => {
  let harness: ActivityHarness;
  beforeAll(async () => {
    harness = await ActivityHarness.start(backend);
  });
  beforeEach(() => harness.bench.reset());
  afterAll(() => harness.stop());

  it('given a step, when it runs, then its effect, its key and its result are committed and the result is sent', async () => {
    const job = harness.job({ activityType: 'reserve' });
    const outcome = await harness.run(job);
    expect(outcome).toMatchObject({
      workflowId: job.workflowId,
      runId: job.runId,
      scheduledEventId: job.scheduledEventId,
      attempt: 1,
      dispatch: 1,
      key: job.key,
      outcome: { status: 'completed', result: { reservationId: 'reservation-o1' } },
    });
    expect(outcome.repeated).toBeUndefined();
    expect(await harness.effectsOf(job)).toEqual(['reserved']);
    expect(await harness.inboxRow(job.key)).toEqual({ state: 'completed', result: { reservationId: 'reservation-o1' }, undone: false, checkpoint: null });
    expect(harness.bench.intercepted).toBe(1);
  });

  it('given a step that returns nothing, when it is delivered twice, then its effect happens once and both results are null', async () => {
    const job = harness.job({ activityType: 'touch' });
    expect((await harness.run(job)).outcome).toEqual({ status: 'completed', result: null });
    expect(await harness.run({ ...job, dispatch: 2 })).toMatchObject({ repeated: true, outcome: { status: 'completed', result: null } });
    expect(await harness.effectsOf(job)).toEqual(['touched']);
  });

  it('given 50 deliveries of one step at once, when they run, then there is one effect and 50 times the same result', async () => {
    const job = harness.job({ activityType: 'reserve' });
    const jobs = Array.from({ length: 50 }, (_each, index) => ({ ...job, dispatch: index + 1 }));
    const gate = deferred();
    harness.bench.entered = deferred();
    harness.bench.gate = gate;
    await Promise.all(jobs.map((each) => harness.dispatch(each)));
    await harness.bench.entered.promise;
    await until('others wait for the one that runs', async () => (await harness.lockWaits()) > 5);
    gate.resolve();
    const outcomes = await Promise.all(jobs.map((each) => harness.outcomeOf(each)));
    expect(outcomes.map((each) => each.outcome)).toEqual(jobs.map(() => ({ status: 'completed', result: { reservationId: 'reservation-o1' } })));
    expect(outcomes.filter((each) => each.repeated)).toHaveLength(49);
    expect(await harness.effectsOf(job)).toEqual(['reserved']);
    expect(harness.bench.calls).toHaveLength(1);
  });

  it('given a key, when it comes with its input in another order of keys, then it is the same; with another input, then it is refused for good', async () => {
    const job = harness.job({ activityType: 'touch', input: [{ a: 1, b: [1, { c: 2, d: 3 }] }] });
    await harness.run(job);
    expect(await harness.run({ ...job, dispatch: 2, input: [{ b: [1, { d: 3, c: 2 }], a: 1 }] })).toMatchObject({ repeated: true });
    const other = await harness.run({ ...job, dispatch: 3, input: [{ a: 2, b: [1, { c: 2, d: 3 }] }] });
    expect(other.outcome).toMatchObject({
      status: 'failed',
      failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.idempotencyKeyReused, nonRetryable: true } },
    });
    expect(await harness.effectsOf(job)).toEqual(['touched']);
  });

  it('given a handler that throws, when it is tried again, then nothing of the first attempt is left and the handler runs again', async () => {
    const job = harness.job({ activityType: 'scripted' });
    harness.bench.script = async (manager) => {
      await manager?.query('INSERT INTO effects (key, note) VALUES ($1, $2)', [job.key, 'half done']);
      throw new RangeError('first attempt', { cause: new Error('the reason') });
    };
    const first = await harness.run(job);
    expect(first.outcome).toMatchObject({
      status: 'failed',
      failure: {
        message: 'first attempt',
        stackTrace: expect.stringContaining('RangeError'),
        cause: { message: 'the reason' },
        applicationFailureInfo: { type: 'RangeError', nonRetryable: false },
      },
    });
    expect(await harness.inboxRow(job.key)).toBeUndefined();
    harness.bench.script = async () => 'done';
    expect((await harness.run({ ...job, attempt: 2 })).outcome).toEqual({ status: 'completed', result: 'done' });
    expect(await harness.effectsOf(job)).toEqual([]);
  });

  it('given a business refusal, when it is thrown, then the workflow gets type and details and nothing is committed', async () => {
    const job = harness.job({ activityType: 'refuse' });
    const jobId = await harness.dispatch(job);
    expect((await harness.outcomeOf(job)).outcome).toMatchObject({
      status: 'failed',
      failure: { message: 'Out of stock.', applicationFailureInfo: { type: 'OutOfStock', nonRetryable: true, details: [{ sku: '85123A' }] } },
    });
    expect(await harness.effectsOf(job)).toEqual([]);
    expect(await harness.inboxRow(job.key)).toBeUndefined();
    await until('the queue shows the failed job', async () => (await harness.queues.queue('inventory').getJob(jobId))?.isFailed() ?? false);
    const failedJob = await harness.queues.queue('inventory').getJob(jobId);
    expect(failedJob?.failedReason).toBe('Out of stock.');
    expect(failedJob?.stacktrace?.join('\n')).toContain('ApplicationFailure');
  });

  it('given a completed step, when its undo runs, then it learns the result, and a late duplicate of the step is refused', async () => {
    const step = harness.job({ activityType: 'reserve' });
    await harness.run(step);
    const undo = harness.undoJob(step);
    expect((await harness.run(undo)).outcome).toEqual({ status: 'completed', result: { step: 'completed', result: { reservationId: 'reservation-o1' } } });
    const late = await harness.run({ ...step, dispatch: 2 });
    expect(late.outcome).toMatchObject({ status: 'failed', failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.stepUndone, nonRetryable: true } } });
    expect(await harness.run({ ...undo, dispatch: 2 })).toMatchObject({ repeated: true, outcome: { status: 'completed' } });
    expect(await harness.effectsOf(step)).toEqual(['reserved']);
    expect(await harness.effectsOf(undo)).toEqual(['released']);
  });

  it('given a step that never ran, when its undo runs first and a lost job of the step is found again, then the step is refused', async () => {
    const step = harness.job({ activityType: 'reserve' });
    expect((await harness.run(harness.undoJob(step))).outcome).toEqual({ status: 'completed', result: { step: 'absent', result: null } });
    expect((await harness.run(step)).outcome).toMatchObject({ failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.stepUndone } } });
    expect(await harness.effectsOf(step)).toEqual([]);
    expect(harness.bench.calls.map((call) => call.activity)).toEqual(['release']);
  });

  it('given a step that is running, when its undo comes, then the undo waits for it and sees its result', async () => {
    const step = harness.job({ activityType: 'reserve' });
    const gate = deferred();
    harness.bench.entered = deferred();
    harness.bench.gate = gate;
    await harness.dispatch(step);
    await harness.bench.entered.promise;
    const undo = harness.undoJob(step);
    await harness.dispatch(undo);
    await until('the undo waits', async () => (await harness.lockWaits()) === 1);
    expect(harness.bench.calls.map((call) => call.activity)).toEqual(['reserve']);
    gate.resolve();
    expect((await harness.outcomeOf(undo)).outcome).toMatchObject({ result: { step: 'completed' } });
    expect((await harness.outcomeOf(step)).outcome).toMatchObject({ status: 'completed' });
  });

  it('given a step that is running and will fail, when its undo waits for it, then the undo sees that nothing happened', async () => {
    const step = harness.job({ activityType: 'refuse' });
    const gate = deferred();
    harness.bench.entered = deferred();
    harness.bench.gate = gate;
    await harness.dispatch(step);
    await harness.bench.entered.promise;
    const undo = harness.undoJob(step);
    await harness.dispatch(undo);
    await until('the undo waits', async () => (await harness.lockWaits()) === 1);
    gate.resolve();
    expect((await harness.outcomeOf(undo)).outcome).toMatchObject({ result: { step: 'absent' } });
    expect((await harness.run({ ...step, attempt: 2 })).outcome).toMatchObject({ failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.stepUndone } } });
  });

  it('given a failed job of a step that was undone, when retry is pressed in Bull Board, then it does no harm', async () => {
    const step = harness.job({ activityType: 'refuse' });
    const jobId = await harness.dispatch(step);
    await harness.outcomeOf(step);
    const queue = harness.queues.queue('inventory');
    await until('the job has failed', async () => (await queue.getJob(jobId))?.isFailed() ?? false);
    await harness.run(harness.undoJob(step));
    harness.bench.calls = [];
    await (await queue.getJob(jobId))?.retry();
    await until('the job has failed again', async () => {
      const job = await queue.getJob(jobId);
      return ((await job?.isFailed()) ?? false) && (job?.failedReason?.includes('has been undone') ?? false);
    });
    expect(harness.bench.calls).toEqual([]);
    expect(await harness.effectsOf(step)).toEqual([]);
  });

  it('given an undo that fails, when it is tried again, then the tombstone was rolled back with it and is put again', async () => {
    const step = harness.job({ activityType: 'reserve' });
    await harness.run(step);
    const undo = harness.undoJob(step, { activityType: 'scriptedUndo' });
    harness.bench.script = () => Promise.reject(new Error('not yet'));
    expect((await harness.run(undo)).outcome).toMatchObject({ status: 'failed', failure: { message: 'not yet' } });
    expect(await harness.inboxRow(step.key)).toMatchObject({ undone: false });
    harness.bench.script = async () => 'undone';
    expect((await harness.run({ ...undo, attempt: 2 })).outcome).toMatchObject({ status: 'completed', result: 'undone' });
    expect(await harness.inboxRow(step.key)).toMatchObject({ undone: true });
  });

  it('given an edit, when the effect under the old key has not happened, then the old key is refused from then on and the new one runs', async () => {
    const first = harness.job({ activityType: 'touch' });
    const edited = { ...first, key: `${first.key}/r1`, supersedesKey: first.key, attempt: 2, input: [{ orderId: 'edited' }] };
    expect((await harness.run(edited)).outcome).toMatchObject({ status: 'completed' });
    expect(await harness.run({ ...edited, dispatch: 2 })).toMatchObject({ repeated: true });
    expect((await harness.run(first)).outcome).toMatchObject({ failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.stepUndone } } });
    expect(await harness.effectsOf(first)).toEqual([]);
    expect(await harness.effectsOf(edited)).toEqual(['touched']);
  });

  it('given an edit, when the effect under the old key has happened, then the edit is refused for good and leaves nothing', async () => {
    const first = harness.job({ activityType: 'touch' });
    await harness.run(first);
    const edited = { ...first, key: `${first.key}/r1`, supersedesKey: first.key, attempt: 2, input: [{ orderId: 'edited' }] };
    expect((await harness.run(edited)).outcome).toMatchObject({
      failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.effectAlreadyHappened, nonRetryable: true } },
    });
    expect(await harness.inboxRow(edited.key)).toBeUndefined();
    expect(await harness.inboxRow(first.key)).toMatchObject({ undone: false });
  });

  it('given transactions that deadlock, when one is chosen as victim, then it is run again in place and both complete', async () => {
    await harness.dataSource.query(`INSERT INTO effects (key, note) VALUES ('row-a', 'a'), ('row-b', 'b')`);
    const order = [
      ['row-a', 'row-b'],
      ['row-b', 'row-a'],
    ];
    const bothIn = deferred();
    let runs = 0;
    let holding = 0;
    harness.bench.script = async (manager) => {
      const rows = order[runs++ % 2] as string[];
      await manager?.query(`UPDATE effects SET note = note || '+' WHERE key = $1`, [rows[0]]);
      holding += 1;
      if (holding === 2) bothIn.resolve();
      await bothIn.promise;
      await manager?.query(`UPDATE effects SET note = note || '+' WHERE key = $1`, [rows[1]]);
      return 'done';
    };
    const jobs = [harness.job({ activityType: 'scripted' }), harness.job({ activityType: 'scripted' })];
    const outcomes = await Promise.all(jobs.map((job) => harness.run(job)));
    expect(outcomes.map((each) => [each.attempt, each.outcome])).toEqual(jobs.map(() => [1, { status: 'completed', result: 'done' }]));
    expect(runs).toBeGreaterThan(2);
    expect(await harness.effectsOf({ key: 'row-a' })).toEqual(['a++']);
  });
});
