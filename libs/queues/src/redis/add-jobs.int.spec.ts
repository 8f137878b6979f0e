import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest, startRedis, testRedisUrl } from '@backstitch/servers';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JobQueues } from '../index.js';
import { addBulkByQueue } from '../queue-backend.js';

const describeOnRedis = queueBackendsUnderTest().includes('redis') ? describe : describe.skip;

const JOBS = [
  { jobId: 'first', name: 'reserveStock', data: { text: 'quote " and ü and \u2028', list: [] as unknown[], nothing: null } },
  { jobId: 'second', name: 'charge', data: { amount: 1.5 } },
  { jobId: 'third', name: 'ship', data: {} },
];

describeOnRedis('adding many jobs by one command', () => {
  const prefix = `test-${randomUUID()}`;
  let redis: Redis;
  let queues: JobQueues;
  beforeAll(() => {
    redis = new Redis(testRedisUrl());
    queues = new JobQueues({ backend: 'redis', url: testRedisUrl(), prefix });
  });
  afterAll(async () => {
    await queues.close();
    await redis.quit();
  });

  /** All that Redis holds of a queue, without what differs with the time, and the events, of which ours have none. */
  const contentOf = async (queueName: string) => {
    const key = (name: string) => `${prefix}:${queueName}:${name}`;
    const jobs = await Promise.all(
      JOBS.map(async ({ jobId }) => {
        const { timestamp, opts, ...job } = await redis.hgetall(key(jobId));
        // Ours leave out the id, which the job's key has.
        const { jobId: _id, ...options } = JSON.parse(opts!) as Record<string, unknown>;
        return { ...job, options, timestampDigits: timestamp?.length };
      }),
    );
    const keys = (await redis.keys(key('*'))).map((found) => found.slice(key('').length)).filter((name) => name !== 'events').sort();
    return { jobs, keys, wait: await redis.lrange(key('wait'), 0, -1), marker: await redis.zrange(key('marker'), 0, -1, 'WITHSCORES'), id: await redis.get(key('id')) };
  };

  it("given the same jobs, added by BullMQ's own means and by ours, when the two queues are compared, then Redis holds the same", async () => {
    await addBulkByQueue(queues.queue('theirs'), JOBS.map((job) => ({ ...job, dataJson: JSON.stringify(job.data) })));
    await queues.queue('ours').waitUntilReady();
    await queues.addBulk('ours', JOBS);
    expect(await contentOf('ours')).toEqual(await contentOf('theirs'));
  });

  it('given jobs of which the queue holds some, when they are added again among others, then each is there once', async () => {
    await queues.addBulk('held', JOBS.slice(0, 2));
    await queues.addBulk('held', JOBS);
    expect(await redis.lrange(`${prefix}:held:wait`, 0, -1)).toEqual(['third', 'second', 'first']);
  });

  it('given a job that is to wait among others that are not, when they are added, then it is delayed and the others are not', async () => {
    await queues.addBulk('delayed', JOBS.map((job, index) => ({ ...job, delayMs: index === 1 ? 60_000 : 0 })));
    expect(await queues.queue('delayed').getJobCounts('waiting', 'delayed')).toEqual({ waiting: 2, delayed: 1 });
  });

  it('given a queue that is paused, when jobs are added, then they wait there and no worker is woken', async () => {
    await queues.queue('paused').pause();
    await queues.addBulk('paused', JOBS);
    expect(await redis.lrange(`${prefix}:paused:wait`, 0, -1)).toEqual(['third', 'second', 'first']);
    expect(await redis.exists(`${prefix}:paused:marker`)).toBe(0);
  });

  it('given a Redis that has forgotten its scripts, when jobs are added, then they are there', async () => {
    // One of its own: others' scripts are not to be forgotten while they run.
    const directory = await mkdtemp(join(tmpdir(), 'backstitch-redis-'));
    const server = await startRedis({ directory });
    const [forgetful, client] = [new JobQueues({ backend: 'redis', url: server.url, prefix }), new Redis(server.url)];
    try {
      await forgetful.addBulk('forgotten', JOBS.slice(0, 1));
      await client.script('FLUSH');
      await forgetful.addBulk('forgotten', JOBS.slice(1));
      expect(await forgetful.queue('forgotten').getWaitingCount()).toBe(3);
    } finally {
      await forgetful.close();
      await client.quit();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });
});
