import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { consume } from './consume.js';
import { JobQueues } from './job-queues.js';

const hasRedis = queueBackendsUnderTest().includes('redis');

/** Passes everything on to Redis, but breaks a connection in the middle of the request whose ordinal number (from 1) among those that say INFO is `breakAt`. */
async function breakingProxy(target: URL, breakAt: number): Promise<{ url: string; server: Server }> {
  let infos = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    client.on('error', end).on('close', end);
    upstream.on('error', end).on('close', end);
    upstream.on('data', (chunk) => client.write(chunk));
    client.on('data', (chunk) => {
      infos += chunk.toString('latin1').toLowerCase().split('$4\r\ninfo\r\n').length - 1;
      if (infos >= breakAt && breakAt > 0) {
        breakAt = 0;
        end();
        return;
      }
      upstream.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

(hasRedis ? describe : describe.skip)('a worker whose Redis goes away', () => {
  // Each of a worker's two connections asks INFO when it connects, and BullMQ once more.
  it.each([1, 2, 3, 4])('given a connection that breaks in INFO number %i, when Redis is there again, then jobs are taken', async (breakAt) => {
    const { url, server } = await breakingProxy(new URL(testRedisUrl()), breakAt);
    const prefix = `spec-worker-init-${breakAt}-${process.pid}`;
    const queues = new JobQueues({ backend: 'redis', url: testRedisUrl(), prefix });
    let taken: (name: string) => void = () => undefined;
    const job = new Promise<string>((resolve) => (taken = resolve));
    const consumer = consume({ backend: 'redis', url, prefix }, 'inventory', async ({ name }) => taken(name), { concurrency: 1 });
    try {
      await queues.addBulk('inventory', [{ name: 'step', data: {}, jobId: 'a-1' }]);
      expect(await job).toBe('step');
    } finally {
      await consumer.close(1_000);
      await queues.queue('inventory').obliterate({ force: true });
      await queues.close();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

(hasRedis ? describe : describe.skip)('a producer whose Redis goes away', () => {
  let queues: JobQueues;
  let server: Server;
  afterEach(async () => {
    await queues.close();
    await new Promise((resolve) => server.close(resolve));
  });

  // ioredis asks INFO once when it connects; a second one may come from BullMQ when a queue is first used.
  it.each([1, 2])('given a connection that breaks in INFO number %i, when Redis is there again, then jobs are added', async (breakAt) => {
    const proxy = await breakingProxy(new URL(testRedisUrl()), breakAt);
    server = proxy.server;
    queues = new JobQueues({ backend: 'redis', url: proxy.url, prefix: `spec-init-${breakAt}-${process.pid}` });
    // Whether this one gets through depends on where the connection breaks.
    await queues.addBulk('inventory', [{ name: 'first', data: {}, jobId: 'a-1' }]).catch(() => undefined);
    await expect(queues.addBulk('inventory', [{ name: 'second', data: {}, jobId: 'a-2' }])).resolves.toBeUndefined();
    const added = await queues.queue('inventory').getJob('a-2');
    expect(added?.name).toBe('second');
    await queues.queue('inventory').obliterate({ force: true });
  });
});
