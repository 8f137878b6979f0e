import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { queueBackendsUnderTest, startRedis } from '@backstitch/servers';
import { JobQueues } from '@backstitch/queues';
import { Registry } from 'prom-client';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ActivityHarness } from '../test/activity-harness.js';
import { deferred, until } from '../test/deferred.js';
import { activityMetrics } from './index.js';

let harness: ActivityHarness | undefined;
afterEach(async () => {
  await harness?.stop();
  harness = undefined;
});

describe.each(queueBackendsUnderTest())('replies, on %s', (backend) => {
  it('given many steps that end together, when their outcomes are sent, then one reply carries many, and metrics count all', async () => {
    const registry = new Registry();
    const started = await ActivityHarness.start(backend, { observer: activityMetrics(registry), concurrency: 20 });
    harness = started;
    const gate = deferred();
    started.bench.gate = gate;
    const jobs = Array.from({ length: 20 }, () => started.job({ activityType: 'reserve' }));
    await Promise.all(jobs.map((job) => started.dispatch(job)));
    await until('all are inside', () => started.bench.calls.length === 20);
    // The first reply is under way for as long as others come in.
    const { addBulk } = JobQueues.prototype;
    const replying = jest.spyOn(JobQueues.prototype, 'addBulk').mockImplementation(async function (this: JobQueues, ...call) {
      await until('all have committed', async () => (await started.dataSource.query('SELECT count(*)::int AS steps FROM effects'))[0].steps === 20);
      return addBulk.apply(this, call);
    });
    gate.resolve();
    await Promise.all(jobs.map((job) => started.outcomeOf(job)));
    replying.mockRestore();
    expect(started.replies.length).toBeLessThan(15);
    expect(started.outcomes()).toHaveLength(20);
    // A reply is counted when the queue has answered, which may be after somebody has read it.
    await until('all outcomes are counted', async () => (await registry.metrics()).includes('backstitch_activity_outcomes_per_reply_sum 20'));
    const metrics = await registry.metrics();
    expect(metrics).toContain('backstitch_activity_attempts_total{task_queue="inventory",activity_type="reserve",status="completed"} 20');
    expect(metrics).toContain('backstitch_activity_attempts_running{task_queue="inventory",activity_type="reserve"} 0');
  });

  it('given a service that stops, when an attempt is under way, then it ends and its outcome is sent first, and no further job is taken', async () => {
    const started = await ActivityHarness.start(backend);
    harness = started;
    const gate = deferred();
    started.bench.entered = deferred();
    started.bench.gate = gate;
    const job = started.job({ activityType: 'reserve' });
    await started.dispatch(job);
    await started.bench.entered.promise;
    const closing = started.app.close();
    gate.resolve();
    await closing;
    expect((await started.outcomeOf(job)).outcome.status).toBe('completed');
    const later = started.job({ activityType: 'reserve' });
    await started.dispatch(later);
    expect(started.bench.calls.map((call) => call.key)).toEqual([job.key]);
    expect(await started.queues.queue('inventory').getWaitingCount()).toBe(1);
  });
});

const describeOnRedis = queueBackendsUnderTest().includes('redis') ? describe : describe.skip;

describeOnRedis('replies, on a Redis that restarts', () => {
  it('given Redis goes away while a step runs, when it is back, then the effect has happened once and the outcome arrives', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'backstitch-replies-'));
    let server = await startRedis({ directory });
    try {
      const started = await ActivityHarness.start('redis', {}, server.url);
      harness = started;
      const gate = deferred();
      started.bench.entered = deferred();
      started.bench.gate = gate;
      const job = started.job({ activityType: 'reserve' });
      await started.dispatch(job);
      await started.bench.entered.promise;
      await server.stop();
      gate.resolve();
      await until('the outcome could not be sent', () => started.logs.some((line) => line.message.startsWith('outcomes cannot be sent')));
      expect(await started.effectsOf(job)).toEqual(['reserved']);
      server = await startRedis({ directory, port: server.port });
      expect((await started.outcomeOf(job)).outcome).toEqual({ status: 'completed', result: { reservationId: 'reservation-o1' } });
      expect(await started.effectsOf(job)).toEqual(['reserved']);
      await started.stop();
      harness = undefined;
    } finally {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('given a Redis that was never reached, when the service stops that has all the time in the world, then it does not take it', async () => {
    const started = await ActivityHarness.start('redis', { graceMs: 600_000 }, 'redis://127.0.0.1:1');
    harness = started;
    await until('the worker has tried', () => started.logs.some((line) => line.message === 'queue worker failed'));
    await started.app.close();
  });
});
