import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createTestDatabase, queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { Worker } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { consume, JobQueues, migrateQueueSchema, QueueUnavailableError, withDeadline, type Consumer, type QueueConnection } from './index.js';

/** A promise with its handles outside. */
function deferred<T = void>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe.each(queueBackendsUnderTest())('queues on %s', (backend) => {
  const service = 'inventory';
  let connection: QueueConnection;
  let drop: () => Promise<void> = async () => undefined;
  const open: { close: () => Promise<unknown> }[] = [];

  beforeAll(async () => {
    if (backend === 'redis') {
      connection = { backend, url: testRedisUrl(), prefix: `test-${randomUUID()}` };
      return;
    }
    const database = await createTestDatabase('queues');
    drop = database.drop;
    await migrateQueueSchema(database.url, service);
    connection = { backend, url: database.url };
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });
  afterAll(() => drop());

  const openQueues = () => {
    const queues = new JobQueues(connection);
    open.push(queues);
    return queues;
  };
  const openConsumer = (...args: Parameters<typeof consume> extends [unknown, ...infer Rest] ? Rest : never): Consumer => {
    const consumer = consume(connection, ...args);
    open.push({ close: () => consumer.close(2_000) });
    return consumer;
  };

  it('given jobs added in bulk, when a consumer works, then it gets each once with its data', async () => {
    const queues = openQueues();
    const ids = Array.from({ length: 450 }, () => `job-${randomUUID()}`);
    await queues.addBulk(service, ids.map((jobId, index) => ({ name: 'reserveStock', jobId, data: { index } })));
    const seen: string[] = [];
    const all = deferred();
    openConsumer(
      service,
      async ({ jobId, name, data }) => {
        expect(name).toBe('reserveStock');
        expect(data).toEqual({ index: ids.indexOf(jobId) });
        seen.push(jobId);
        if (seen.length === ids.length) all.resolve();
      },
      { concurrency: 20 },
    );
    await all.promise;
    expect([...seen].sort()).toEqual([...ids].sort());
  });

  it('given jobs that wait, back off, run, have ended and were never added, when they are asked for, then the queue holds the first three, and is busy as long as one runs', async () => {
    const queues = openQueues();
    const queueName = `${service}.compensation`;
    const [waiting, delayed, running, completed, failed, unknown] = Array.from({ length: 6 }, () => `job-${randomUUID()}`) as [string, string, string, string, string, string];
    const add = (jobId: string, delayMs = 0) => queues.addBulk(queueName, [{ name: 'a', jobId, data: {}, delayMs }]);
    const began = deferred();
    const goOn = deferred();
    for (const jobId of [completed, failed, running]) await add(jobId);
    const consumer = openConsumer(queueName, async ({ jobId }) => {
      if (jobId === failed) throw new Error('no');
      if (jobId === running) {
        began.resolve();
        await goOn.promise;
      }
    });
    await began.promise;
    await add(waiting);
    await add(delayed, 60_000);
    expect(await queues.held(queueName, [waiting, delayed, running, completed, failed, unknown])).toEqual(new Set([waiting, delayed, running]));
    expect(await queues.isBusy(queueName)).toBe(true);
    goOn.resolve();
    await consumer.close(2_000);
    await add(waiting);
    expect(await queues.isBusy(queueName)).toBe(false);
    await queues.remove(queueName, [waiting, delayed]);
  });

  it('given a queue that is slow but answers, when many jobs are added, then the time limit holds for each round trip and not for all', async () => {
    const queues = new JobQueues(connection, { timeoutMs: 400 });
    open.push(queues);
    let roundTrips = 0;
    queues['backend'].addBulk = async () => {
      roundTrips += 1;
      await new Promise((resolve) => setTimeout(resolve, 150));
    };
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setInterval', 'performance', 'Date'] });
    try {
      const added = queues.addBulk(service, Array.from({ length: 1_000 }, (_, index) => ({ name: 'reserveStock', jobId: `job-${index}`, data: {} })));
      for (let trip = 1; trip <= 5; trip += 1) {
        while (roundTrips < trip) await new Promise((resolve) => setImmediate(resolve));
        jest.advanceTimersByTime(150);
      }
      await added;
    } finally {
      jest.useRealTimers();
    }
    expect(roundTrips).toBe(5);
  });

  it('given a backend that does not answer, when nothing was configured, then a call fails after five seconds', async () => {
    const queues = openQueues();
    await queues.ping(service);
    let isAsked = false;
    queues['backend'].addBulk = () => ((isAsked = true), new Promise<void>(() => undefined));
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setInterval', 'performance', 'Date'] });
    try {
      const failed = jest.fn();
      const adding = queues.addBulk(service, [{ name: 'a', jobId: `job-${randomUUID()}`, data: {} }]).catch(failed);
      while (!isAsked) await new Promise((resolve) => setImmediate(resolve));
      jest.advanceTimersByTime(4_900);
      await new Promise((resolve) => setImmediate(resolve));
      expect(failed).not.toHaveBeenCalled();
      jest.advanceTimersByTime(100);
      await adding;
      expect(failed).toHaveBeenCalledWith(expect.any(QueueUnavailableError));
    } finally {
      jest.useRealTimers();
    }
  });

  it('given a job id that the queue holds, when it is added again, then there is one job', async () => {
    const queues = openQueues();
    const queueName = `${service}.compensation`;
    const jobId = `job-${randomUUID()}`;
    await queues.addBulk(queueName, [{ name: 'a', jobId, data: {} }]);
    await queues.addBulk(queueName, [{ name: 'a', jobId, data: {} }]);
    expect((await queues.queue(queueName).getWaiting()).filter((job) => job.id === jobId)).toHaveLength(1);
    expect(await queues.remove(queueName, [jobId])).toEqual([true]);
  });

  it('given waiting, delayed, running and unknown jobs, when they are removed, then only those not begun are', async () => {
    const queues = openQueues();
    const [running, waiting, delayed] = [`r-${randomUUID()}`, `w-${randomUUID()}`, `d-${randomUUID()}`];
    const begun = deferred();
    const release = deferred();
    const taken: string[] = [];
    openConsumer(service, async ({ jobId }) => {
      taken.push(jobId);
      begun.resolve();
      await release.promise;
    });
    await queues.addBulk(service, [{ name: 'a', jobId: running, data: {} }]);
    await begun.promise;
    await queues.addBulk(service, [
      { name: 'a', jobId: waiting, data: {} },
      { name: 'a', jobId: delayed, data: {}, delayMs: 60_000 },
    ]);
    expect(await queues.remove(service, [running, waiting, delayed, 'never-there'])).toEqual([false, true, true, false]);
    release.resolve();
    expect(taken).toEqual([running]);
  });

  it('given a running job, when its cancellation is requested, then its worker can read that', async () => {
    const queues = openQueues();
    const jobId = `job-${randomUUID()}`;
    const other = `other-${randomUUID()}`;
    await queues.addBulk(service, [
      { name: 'a', jobId, data: {}, delayMs: 60_000 },
      { name: 'a', jobId: other, data: {}, delayMs: 60_000 },
    ]);
    expect(await queues.cancelRequested(service, [jobId, other])).toEqual(new Set());
    expect(await queues.requestCancel(service, jobId)).toBe(true);
    expect(await queues.requestCancel(service, 'never-there')).toBe(false);
    expect(await queues.cancelRequested(service, [jobId, other, 'never-there'])).toEqual(new Set([jobId]));
    await queues.remove(service, [jobId, other]);
  });

  it('given a delayed job, when its time comes, then the idle consumer takes it at once', async () => {
    const queues = openQueues();
    const got = deferred<number>();
    const consumer = openConsumer(service, async () => got.resolve(Date.now()));
    await consumer.ready();
    const addedAtMs = Date.now();
    await queues.addBulk(service, [{ name: 'a', jobId: `job-${randomUUID()}`, data: {}, delayMs: 300 }]);
    const waitedMs = (await got.promise) - addedAtMs;
    expect(waitedMs).toBeGreaterThanOrEqual(290);
    // Of itself an idle one looks after ten seconds at the soonest, counted from when it was ready, shortly before.
    expect(waitedMs).toBeLessThan(9_000);
  });

  it('given a failed job, when it is retried from outside, then it is delivered again', async () => {
    const queues = openQueues();
    const jobId = `job-${randomUUID()}`;
    const deliveries: string[] = [];
    const again = deferred();
    openConsumer(service, async (delivery) => {
      deliveries.push(delivery.jobId);
      if (deliveries.length === 1) throw new Error('the first time fails');
      again.resolve();
    });
    await queues.addBulk(service, [{ name: 'a', jobId, data: {} }]);
    const queue = queues.queue(service);
    const failed = async () => (await queue.getJob(jobId))?.isFailed() ?? false;
    while (!(await failed()));
    const job = await queue.getJob(jobId);
    expect(job?.failedReason).toBe('the first time fails');
    await job?.retry();
    await again.promise;
    expect(deliveries).toEqual([jobId, jobId]);
  });

  it('given a worker that let go of its job, when its lock lapses, then another worker gets the job, again and again', async () => {
    const queues = openQueues();
    const jobId = `job-${randomUUID()}`;
    // A queue of its own: on Redis an earlier worker's slower check for stalled jobs would hold this one's off.
    const queueName = `${service}.stalled`;
    const options = { lockDurationMs: 300, stalledIntervalMs: 200 };
    const never = new Promise<void>(() => undefined);
    await queues.addBulk(queueName, [{ name: 'a', jobId, data: {} }]);
    for (let round = 0; round < 3; round += 1) {
      const begun = deferred();
      const consumer = consume(connection, queueName, async () => (begun.resolve(), never), options);
      await begun.promise;
      expect(await consumer.close(1)).toBe(false);
    }
    const done = deferred();
    openConsumer(queueName, async () => done.resolve(), options);
    await done.promise;
  });

  it('given a worker that died with its job, when nothing was configured, then another worker has the job long before BullMQ would give it', async () => {
    const queues = openQueues();
    const jobId = `job-${randomUUID()}`;
    const queueName = `${service}.died`;
    await queues.addBulk(queueName, [{ name: 'a', jobId, data: {} }]);
    const begun = deferred();
    const dying = consume(connection, queueName, async () => (begun.resolve(), new Promise<void>(() => undefined)));
    await begun.promise;
    // It lets go as a killed one does: nothing is given back, only no lock is renewed.
    expect(await dying.close(1)).toBe(false);
    const again = deferred<number>();
    openConsumer(queueName, async ({ timesTaken }) => again.resolve(timesTaken));
    expect(await withDeadline(again.promise, 28_000)).toBe(2);
  });

  it('given a worker, when nothing was configured, then its lock and the next look for lapsed ones are over within eight seconds of its death', async () => {
    const readied = jest.spyOn(Worker.prototype, 'waitUntilReady');
    await openConsumer(`${service}.looks`, async () => undefined).ready();
    const { lockDuration = Infinity, stalledInterval = Infinity } = (readied.mock.contexts[0] as Worker).opts;
    readied.mockRestore();
    expect(lockDuration + stalledInterval).toBeLessThanOrEqual(8_000);
  });

  it('given a backend that was never reached, when a worker is closed that has all the time in the world, then it does not take it', async () => {
    const nowhere = new URL(connection.url);
    nowhere.port = '1';
    const failed = deferred();
    const logger = { debug: () => undefined, info: () => undefined, warn: () => failed.resolve(), error: () => undefined };
    const consumer = consume({ ...connection, url: nowhere.href }, service, async () => undefined, { logger });
    await failed.promise;
    expect(await consumer.close(600_000)).toBe(true);
  });

  it('given a consumer under way, when it is closed, then it finishes its job first', async () => {
    const queues = openQueues();
    const begun = deferred();
    const release = deferred();
    let finished = false;
    const consumer = consume(connection, service, async () => {
      begun.resolve();
      await release.promise;
      finished = true;
    });
    await queues.addBulk(service, [{ name: 'a', jobId: `job-${randomUUID()}`, data: {} }]);
    await begun.promise;
    const closing = consumer.close(5_000);
    release.resolve();
    expect(await closing).toBe(true);
    expect(finished).toBe(true);
  });
});
