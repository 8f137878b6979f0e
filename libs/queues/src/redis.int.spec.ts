import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest, startRedis } from '@backstitch/servers';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../test/until.js';
import { consume, JobQueues, QueueUnavailableError, type QueueConnection } from './index.js';

type RedisServer = Awaited<ReturnType<typeof startRedis>>;

const describeOnRedis = queueBackendsUnderTest().includes('redis') ? describe : describe.skip;

describeOnRedis('queues on a Redis that comes and goes', () => {
  let directory: string;
  let server: RedisServer;
  let connection: QueueConnection;
  const open: { close: () => Promise<unknown> }[] = [];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'backstitch-redis-'));
    server = await startRedis({ directory });
    connection = { backend: 'redis', url: server.url };
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const restart = async () => {
    server = await startRedis({ directory, port: server.port });
  };
  const openQueues = () => {
    const queues = new JobQueues(connection);
    open.push(queues);
    return queues;
  };
  const job = (data: unknown = {}) => ({ name: 'a', jobId: `job-${randomUUID()}`, data });
  /** As soon as Redis, which is back, is reached again. */
  const added = (queues: JobQueues, next: ReturnType<typeof job>) => until('the job is added', () => queues.addBulk('inventory', [next]).then(() => true, () => false));

  it('given Redis is down, when jobs are added, then that fails instead of waiting for it, and works again when Redis is back', async () => {
    const queues = openQueues();
    await queues.addBulk('inventory', [job()]);
    await server.stop();
    await expect(queues.addBulk('inventory', [job()])).rejects.toBeInstanceOf(QueueUnavailableError);
    await expect(queues.ping('inventory')).rejects.toBeInstanceOf(QueueUnavailableError);
    await restart();
    await added(queues, job());
    expect(await queues.queue('inventory').getWaitingCount()).toBe(2);
  });

  it('given Redis is down from the start, when it comes up, then producers and workers work', async () => {
    await server.stop();
    const queues = openQueues();
    const seen: string[] = [];
    const consumer = consume(connection, 'inventory', async ({ jobId }) => void seen.push(jobId));
    open.push({ close: () => consumer.close(1_000) });
    await expect(queues.addBulk('inventory', [job()])).rejects.toBeInstanceOf(QueueUnavailableError);
    await restart();
    const next = job();
    await added(queues, next);
    await until('the job is delivered', () => seen.includes(next.jobId));
  });

  it('given a worker that waits for jobs, when Redis restarts, then it takes jobs again', async () => {
    const queues = openQueues();
    const seen: string[] = [];
    const consumer = consume(connection, 'inventory', async ({ jobId }) => void seen.push(jobId));
    open.push({ close: () => consumer.close(1_000) });
    await consumer.ready();
    await server.stop();
    await restart();
    const next = job();
    await added(queues, next);
    await until('the job is delivered', () => seen.includes(next.jobId));
  });

  it('given two processes that watch, when Redis is flushed, then both hear of it, once', async () => {
    const heard = [0, 0];
    const watchers = [openQueues(), openQueues()];
    watchers.forEach((queues, index) => queues.onFlushed(() => void (heard[index] = (heard[index] ?? 0) + 1)));
    // The very first start counts as a flush for whoever put the marker.
    await until('the marker is put', () => heard[0] === 1 || heard[1] === 1);
    const admin = new Redis(server.url);
    const putAfterFlush = async () => (await admin.get('backstitch:backstitch:marker')) !== null;
    await until('both know the marker', async () => {
      // Each watcher asks once a second: after two rounds both know it.
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      return putAfterFlush();
    });
    const before = [...heard];
    await admin.flushall();
    await until('both heard', () => heard.every((count, index) => count === (before[index] ?? 0) + 1));
    await admin.quit();
  });

  it('given a process that watches, when Redis is killed and comes back with its marker, then it hears of the restart, once, and of no flush', async () => {
    const queues = openQueues();
    let flushes = 0;
    let restarts = 0;
    const queueWorks: Promise<void>[] = [];
    queues.onFlushed(() => void (flushes += 1));
    queues.onRestarted(() => {
      restarts += 1;
      queueWorks.push(queues.addBulk('inventory', [job()]));
    });
    await until('the marker is put', () => flushes === 1);
    const admin = new Redis(server.url);
    await admin.bgrewriteaof();
    await until('the marker is on the disk', async () => (await admin.info('persistence')).includes('aof_rewrite_in_progress:0'));
    await admin.quit();
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    await restart();
    await until('it has heard', () => restarts === 1);
    await Promise.all(queueWorks);
    expect(flushes).toBe(1);
  });

  it('given a connection that breaks, when it is back at the same server, then that is no restart', async () => {
    const queues = openQueues();
    let restarts = 0;
    queues.onRestarted(() => void (restarts += 1));
    await queues.addBulk('inventory', [job()]);
    const admin = new Redis(server.url);
    const killed = Number(await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
    admin.disconnect();
    expect(killed).toBeGreaterThan(0);
    const added = () => queues.addBulk('inventory', [job()]).then(() => true, () => false);
    await until('jobs are added again', added);
    expect(restarts).toBe(0);
    await server.stop();
    await restart();
    await until('a restart is heard all the same', () => restarts === 1);
  });
});
