import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { createRedisBackend, Queue, Worker, type QueueBaseOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { until } from '../../test/until.js';
import { consume, JobQueues, type ConsumeOptions, type Delivery } from '../index.js';
import { JobCommands } from './job-commands.js';

const describeOnRedis = queueBackendsUnderTest().includes('redis') ? describe : describe.skip;

/** A handler that lets nothing end before it is told to. */
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const named = (...jobIds: string[]) => jobIds.map((jobId) => ({ jobId, name: 'reserveStock', data: { of: jobId } }));
const many = (count: number) => named(...Array.from({ length: count }, (_value, index) => `job-${index}`));

describeOnRedis('completing and taking many jobs by one command', () => {
  const prefix = `test-${randomUUID()}`;
  const url = testRedisUrl();
  let redis: Redis;
  let queues: JobQueues;
  const open: (() => Promise<unknown>)[] = [];
  beforeAll(() => {
    redis = new Redis(url, { maxRetriesPerRequest: null });
    queues = new JobQueues({ backend: 'redis', url, prefix });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((close) => close()));
  });
  afterAll(async () => {
    await queues.close();
    await redis.quit();
  });

  const ours = (queueName: string, handler: (delivery: Delivery) => Promise<unknown>, options: ConsumeOptions = {}) => {
    const consumer = consume({ backend: 'redis', url, prefix }, queueName, handler, { concurrency: 50, ...options });
    open.push(() => consumer.close(1_000));
    return consumer;
  };
  const theirs = (queueName: string, handler: (jobId: string) => Promise<unknown>) => {
    const worker = new Worker(queueName, (job) => handler(String(job.id)), { connection: redis, prefix, concurrency: 50 });
    open.push(() => worker.close());
  };
  const key = (queueName: string, name: string) => `${prefix}:${queueName}:${name}`;
  /** All that Redis holds of a queue, without what differs with the time, the worker, or the events. */
  const contentOf = async (queueName: string) => {
    const keys = (await redis.keys(key(queueName, '*'))).map((found) => found.slice(key(queueName, '').length)).filter((name) => !['events', 'marker', 'stalled-check'].includes(name));
    const jobs = await Promise.all(
      keys
        .filter((name) => /^job-\d+$/.test(name))
        .sort()
        .map(async (name) => {
          const { timestamp, processedOn, ...job } = await redis.hgetall(key(queueName, name));
          const lockMs = await redis.pttl(key(queueName, `${name}:lock`));
          return { ...job, digits: [timestamp?.length, processedOn?.length], isLocked: lockMs > 0 };
        }),
    );
    return { keys: keys.sort(), jobs, active: (await redis.lrange(key(queueName, 'active'), 0, -1)).sort(), wait: await redis.lrange(key(queueName, 'wait'), 0, -1) };
  };

  it("given the same jobs on two queues, when BullMQ's worker works on one and ours on the other, then Redis holds the same of both, while they run and when they have ended", async () => {
    const gates = { theirs: gate(), ours: gate() };
    const running = { theirs: 0, ours: 0 };
    for (const queueName of ['theirs', 'ours'] as const) await queues.addBulk(queueName, many(30));
    theirs('theirs', () => ((running.theirs += 1), gates.theirs.opened));
    ours('ours', () => ((running.ours += 1), gates.ours.opened));
    await until('all jobs are taken', () => running.theirs === 30 && running.ours === 30);
    expect(await contentOf('ours')).toEqual(await contentOf('theirs'));
    gates.theirs.open();
    gates.ours.open();
    const left = async (queueName: string) => (await redis.llen(key(queueName, 'active'))) === 0;
    await until('all jobs have ended', async () => (await left('theirs')) && left('ours'));
    expect(await contentOf('ours')).toEqual(await contentOf('theirs'));
    expect((await contentOf('ours')).jobs).toEqual([]);
  });

  it("given a queue that BullMQ's worker and ours share, when there are many jobs, then each is worked on once", async () => {
    const seen: string[] = [];
    theirs('shared', async (jobId) => void seen.push(jobId));
    ours('shared', async ({ jobId }) => void seen.push(jobId));
    const jobs = many(600);
    await queues.addBulk('shared', jobs);
    await until('all are done', () => seen.length >= jobs.length);
    expect(seen.sort()).toEqual(jobs.map(({ jobId }) => jobId).sort());
  });

  it('given more jobs than one worker has room for, when two idle workers are there, then one wakes the other', async () => {
    const both = new Set<string>();
    const enough = gate();
    const workers = ['first', 'second'].map((worker) =>
      ours('two', async () => {
        both.add(worker);
        if (both.size === 2) enough.open();
        await enough.opened;
      }),
    );
    await Promise.all(workers.map((worker) => worker.ready()));
    await queues.addBulk('two', many(80));
    await enough.opened;
    expect(both).toEqual(new Set(['first', 'second']));
  });

  it('given a worker with room for two, when five jobs wait, then no more than two are taken at a time, in order', async () => {
    const seen: string[] = [];
    let gateOfNow = gate();
    await queues.addBulk('narrow', many(5));
    ours('narrow', ({ jobId }) => (seen.push(jobId), gateOfNow.opened), { concurrency: 2 });
    await until('two run', () => seen.length === 2);
    expect(await redis.llen(key('narrow', 'active'))).toBe(2);
    const first = gateOfNow;
    gateOfNow = gate();
    first.open();
    await until('two more run', () => seen.length === 4);
    expect(await redis.llen(key('narrow', 'active'))).toBe(2);
    gateOfNow.open();
    await until('all have run', () => seen.length === 5);
    expect(seen).toEqual(['job-0', 'job-1', 'job-2', 'job-3', 'job-4']);
  });

  it('given jobs that BullMQ has special ways for, when they are due, then they are worked on: delayed, with a priority, held by a pause, under a rate limit', async () => {
    const seen: string[] = [];
    const queue = new Queue('special', { connection: redis, prefix });
    open.push(() => queue.close());
    await queue.pause();
    ours('special', async ({ jobId }) => void seen.push(jobId));
    await queue.add('a', {}, { jobId: 'urgent', priority: 1, removeOnComplete: true });
    await queue.add('a', {}, { jobId: 'later', delay: 50, removeOnComplete: true });
    await queues.addBulk('special', named('plain'));
    await queues.addBulk('special', [{ jobId: 'ours-later', name: 'a', data: {}, delayMs: 50 }]);
    expect(await redis.llen(key('special', 'active'))).toBe(0);
    expect(seen).toEqual([]);
    await queue.setGlobalRateLimit(2, 100);
    await queue.resume();
    await until('all have run', () => seen.length === 4);
    await queue.removeGlobalRateLimit();
    expect(seen.sort()).toEqual(['later', 'ours-later', 'plain', 'urgent']);
  });

  it('given a job whose lock was lost, when it ends among others, then the others are completed and it comes again', async () => {
    const seen: string[] = [];
    const warnings: unknown[] = [];
    const logger = { debug: () => undefined, info: () => undefined, warn: (fields: object) => void warnings.push(fields), error: (fields: object) => void warnings.push(fields) };
    await queues.addBulk('lost', named('kept-1', 'lost', 'kept-2'));
    const all = gate();
    ours(
      'lost',
      async ({ jobId }) => {
        seen.push(jobId);
        if (seen.length === 3) {
          await redis.del(key('lost', 'lost:lock'));
          all.open();
        }
        await all.opened;
      },
      { logger, lockDurationMs: 30_000, stalledIntervalMs: 100 },
    );
    await until('the job came again', () => seen.filter((jobId) => jobId === 'lost').length === 2);
    await until('nothing is left', async () => (await contentOf('lost')).keys.every((name) => ['id', 'meta'].includes(name)));
    expect(seen.sort()).toEqual(['kept-1', 'kept-2', 'lost', 'lost']);
    expect(warnings.length).toBeGreaterThan(0);
  });

  it('given jobs that were taken and not begun, when they are put back, then they are the next ones on the queue, in their order', async () => {
    await queues.addBulk('stopping', many(5));
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    const backend = createRedisBackend('stopping', { connection, prefix } as QueueBaseOptions);
    const commands = new JobCommands(connection, backend, { queueName: 'stopping', prefix, lockToken: 'token', lockDurationMs: 5_000 });
    const { jobs } = await commands.finish([], 4);
    expect(jobs.map(({ jobId }) => jobId)).toEqual(['job-0', 'job-1', 'job-2', 'job-3']);
    await commands.putBack(jobs.slice(1));
    await backend.close();
    connection.disconnect();
    expect(await redis.lrange(key('stopping', 'active'), 0, -1)).toEqual(['job-0']);
    expect((await redis.lrange(key('stopping', 'wait'), 0, -1)).reverse()).toEqual(['job-1', 'job-2', 'job-3', 'job-4']);
  });

  it('given jobs that fail, that are to be kept, that are no JSON, and one that goes well, when they end, then each leaves what BullMQ leaves of it', async () => {
    const queue = new Queue('mixed', { connection: redis, prefix });
    open.push(() => queue.close());
    await queue.add('a', {}, { jobId: 'kept', removeOnComplete: 10 });
    await queues.addBulk('mixed', named('failing', 'garbled', 'fine'));
    await redis.hset(key('mixed', 'garbled'), 'data', '{no json');
    ours('mixed', ({ jobId, data }) => (jobId === 'failing' ? Promise.reject(new Error('no')) : Promise.resolve({ jobId, data })));
    await until('all have ended', async () => (await redis.exists(key('mixed', 'fine'))) === 0 && (await queue.getFailedCount()) === 2 && (await queue.getCompletedCount()) === 1);
    expect(await queue.getJob('failing')).toMatchObject({ failedReason: 'no', attemptsMade: 1, attemptsStarted: 1 });
    expect((await queue.getJob('kept'))?.returnvalue).toEqual({ jobId: 'kept', data: {} });
    expect(await redis.llen(key('mixed', 'active'))).toBe(0);
  });

  it('given a job that a scheduler repeats, when it is worked on, then the scheduler has made the next one', async () => {
    const queue = new Queue('repeated', { connection: redis, prefix });
    open.push(() => queue.close());
    const seen: string[] = [];
    await queue.upsertJobScheduler('often', { every: 50 }, { name: 'a', data: {}, opts: { removeOnComplete: true } });
    ours('repeated', async ({ jobId }) => void seen.push(jobId));
    await until('it came three times', () => seen.length >= 3);
    await queue.removeJobScheduler('often');
    expect(new Set(seen).size).toBe(seen.length);
  });
});
