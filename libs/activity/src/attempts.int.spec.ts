import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { LIMITS } from '@backstitch/protocol';
import { randomUUID } from 'node:crypto';
import { ActivityHarness } from '../test/activity-harness.js';
import { deferred, until } from '../test/deferred.js';
import { ACTIVITY_FAILURE_TYPE, Context, type ActivityObserver } from './index.js';

describe.each(queueBackendsUnderTest())('attempts, with queues on %s', (backend) => {
  let harness: ActivityHarness;
  const ended: Parameters<Required<ActivityObserver>['attemptEnded']>[0][] = [];
  beforeAll(async () => {
    harness = await ActivityHarness.start(backend, { observer: { attemptEnded: (fact) => void ended.push(fact) } });
  });
  beforeEach(() => {
    harness.bench.reset();
    ended.length = 0;
  });
  afterAll(() => harness.stop());

  it('given a handler with two parameters and a pipe, when it runs, then it gets both arguments and the pipe was applied', async () => {
    const outcome = await harness.run(harness.job({ activityType: 'piped', input: [{ orderId: 'abc' }, 'second'] }));
    expect(outcome.outcome).toEqual({ status: 'completed', result: 'ABC/second' });
  });

  it('given an activity, when it asks who it is, then it knows key, attempt, workflow and more', async () => {
    const job = harness.job({ activityType: 'scripted', attempt: 3, startToCloseTimeoutMs: 5_000, heartbeatDetails: { page: 4 } });
    harness.bench.script = async () => null;
    await harness.run(job);
    expect(harness.bench.infos[0]).toMatchObject({
      key: job.key,
      attempt: 3,
      workflowId: job.workflowId,
      runId: job.runId,
      workflowType: 'orderWorkflow',
      activityType: 'scripted',
      taskQueue: 'inventory',
      startToCloseTimeoutMs: 5_000,
      heartbeatDetails: { page: 4 },
      startedBefore: false,
    });
    expect(ended).toEqual([expect.objectContaining({ taskQueue: 'inventory', activityType: 'scripted', attempt: 3, status: 'completed' })]);
    expect(harness.logs.some((line) => (line.fields as { workflowId?: string }).workflowId === job.workflowId)).toBe(true);
  });

  it('given an activity that nobody handles, when it is delivered, then the attempt fails and may be retried', async () => {
    const outcome = await harness.run(harness.job({ activityType: 'unheardOf' }));
    expect(outcome.outcome).toMatchObject({
      failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.activityNotRegistered, nonRetryable: false } },
    });
  });

  it('given an envelope of another version, when it is delivered, then its job fails, it is logged, and who waits for it is told', async () => {
    const job = { ...harness.job({ activityType: 'reserve' }), envelopeVersion: 99 as never };
    const jobId = await harness.dispatch(job);
    expect((await harness.outcomeOf(job)).outcome).toMatchObject({
      failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.invalidEnvelope, nonRetryable: true } },
    });
    await until('the job has failed', async () => (await harness.queues.queue('inventory').getJob(jobId))?.isFailed() ?? false);
    expect(harness.logs).toContainEqual(expect.objectContaining({ level: 'error', fields: expect.objectContaining({ jobId }) }));
  });

  it('given rubbish on the queue, when it is delivered, then its job fails and the worker goes on', async () => {
    const jobId = `rubbish-${randomUUID()}`;
    await harness.queues.addBulk('inventory', [{ name: 'reserve', jobId, data: { hello: 'world' } }]);
    await until('the job has failed', async () => (await harness.queues.queue('inventory').getJob(jobId))?.isFailed() ?? false);
    expect((await harness.run(harness.job({ activityType: 'reserve' }))).outcome.status).toBe('completed');
  });

  it('given a handler that ignores its time limit, when it comes late, then it cannot commit and the attempt has timed out', async () => {
    const gate = deferred();
    const late = deferred();
    harness.bench.gate = gate;
    harness.bench.entered = late;
    const job = harness.job({ activityType: 'tooLate', startToCloseTimeoutMs: 100 });
    const outcome = await harness.run(job);
    expect(outcome.outcome).toMatchObject({ status: 'failed', failure: { timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } } });
    gate.resolve();
    await late.promise;
    expect(harness.bench.lateErrors).toHaveLength(1);
    expect(await harness.effectsOf(job)).toEqual([]);
    expect(await harness.inboxRow(job.key)).toBeUndefined();
  });

  it('given a handler that is in a long statement, when its time is up, then the statement is ended and the key is free for the next attempt', async () => {
    const job = harness.job({ activityType: 'scripted', startToCloseTimeoutMs: 100 });
    harness.bench.script = async (manager) => manager?.query('SELECT pg_sleep(60)');
    expect((await harness.run(job)).outcome).toMatchObject({ failure: { timeoutFailureInfo: { timeoutType: 'START_TO_CLOSE' } } });
    harness.bench.script = async () => 'second';
    expect((await harness.run({ ...job, attempt: 2, startToCloseTimeoutMs: 60_000 })).outcome).toEqual({ status: 'completed', result: 'second' });
  });

  it('given a deadline that has passed, when the job is taken, then the handler is not called', async () => {
    const outcome = await harness.run(harness.job({ activityType: 'reserve', scheduleToCloseDeadlineMs: Date.now() - 1 }));
    expect(outcome.outcome).toMatchObject({ failure: { timeoutFailureInfo: { timeoutType: 'SCHEDULE_TO_CLOSE' } } });
    expect(harness.bench.calls).toEqual([]);
  });

  it('given a heartbeat time-out, when the handler falls silent, then the attempt has timed out, with its last details', async () => {
    harness.bench.script = async () => {
      Context.current().heartbeat({ page: 7 });
      await Context.current().cancelled;
    };
    const outcome = await harness.run(harness.job({ activityType: 'scripted', heartbeatTimeoutMs: 100 }));
    expect(outcome).toMatchObject({
      heartbeatDetails: { page: 7 },
      outcome: { failure: { timeoutFailureInfo: { timeoutType: 'HEARTBEAT', lastHeartbeatDetails: { page: 7 } } } },
    });
  });

  it('given a running activity, when its cancellation is requested, then it hears of it at a heartbeat and nothing is committed', async () => {
    const job = harness.job({ activityType: 'scripted' });
    harness.bench.entered = deferred();
    harness.bench.script = async (manager) => {
      await manager?.query('INSERT INTO effects (key, note) VALUES ($1, $2)', [job.key, 'should be rolled back']);
      for (;;) {
        Context.current().heartbeat();
        await Promise.race([new Promise((resolve) => setTimeout(resolve, 100)), Context.current().cancelled]);
      }
    };
    const jobId = await harness.dispatch(job);
    await harness.bench.entered.promise;
    expect(await harness.queues.requestCancel('inventory', jobId)).toBe(true);
    expect((await harness.outcomeOf(job)).outcome).toEqual({ status: 'canceled', details: [] });
    expect(await harness.effectsOf(job)).toEqual([]);
    expect(await harness.inboxRow(job.key)).toBeUndefined();
  });

  it('given a sleeping activity that never heartbeats, when its cancellation is requested, then it hears of it when its lock is renewed', async () => {
    const job = harness.job({ activityType: 'waitForCancel' });
    harness.bench.entered = deferred();
    const jobId = await harness.dispatch(job);
    await harness.bench.entered.promise;
    await harness.queues.requestCancel('inventory', jobId);
    expect((await harness.outcomeOf(job)).outcome).toEqual({ status: 'canceled', details: [] });
    expect(await harness.effectsOf(job)).toEqual([]);
  });

  it('given a handler that throws CancelledFailure, when it runs, then the activity is canceled with its details', async () => {
    expect((await harness.run(harness.job({ activityType: 'throwCancelled' }))).outcome).toEqual({ status: 'canceled', details: ['why'] });
  });

  it('given a result beyond the limit, when it is returned, then nothing is committed and the failure says why', async () => {
    const job = harness.job({ activityType: 'scripted' });
    harness.bench.script = async (manager) => {
      await manager?.query('INSERT INTO effects (key, note) VALUES ($1, $2)', [job.key, 'should be rolled back']);
      return 'x'.repeat(LIMITS.payloadBytesMax);
    };
    expect((await harness.run(job)).outcome).toMatchObject({
      failure: { message: expect.stringContaining('2097154 bytes'), applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.payloadTooLarge, nonRetryable: true } },
    });
    expect(await harness.effectsOf(job)).toEqual([]);
  });

  it.each([
    ['a BigInt', 10n],
    ['a character that Postgres cannot store', 'a\u0000b'],
  ])('given a result with %s, when it is returned, then the failure says so and is not retried', async (_what, value) => {
    harness.bench.script = async () => ({ value });
    expect((await harness.run(harness.job({ activityType: 'scripted' }))).outcome).toMatchObject({
      failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.payloadInvalid, nonRetryable: true } },
    });
  });

  it('given a connection that breaks under the handler, when it does, then the attempt fails as unavailable and the next one succeeds', async () => {
    const job = harness.job({ activityType: 'scripted' });
    harness.bench.script = async (manager) => {
      const [{ pid }] = await manager?.query('SELECT pg_backend_pid() AS pid');
      await harness.dataSource.query('SELECT pg_terminate_backend($1)', [pid]);
      await new Promise(() => undefined);
    };
    expect((await harness.run(job)).outcome).toMatchObject({
      failure: { applicationFailureInfo: { type: ACTIVITY_FAILURE_TYPE.serviceUnavailable, nonRetryable: false } },
    });
    harness.bench.script = async () => 'second';
    expect((await harness.run({ ...job, attempt: 2 })).outcome).toMatchObject({ status: 'completed', result: 'second' });
  });
});
