import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { activityJobId, type ActivityJob } from '@backstitch/protocol';
import { consume, JobQueues, migrateQueueSchema, type Consumer, type QueueConnection } from '@backstitch/queues';
import { createTestDatabase, queueBackendsUnderTest, testRedisUrl } from '@backstitch/servers';
import { dispatcherConformance, type TestFramework } from '@backstitch/testing';
import { QueueDispatcher } from './queue-dispatcher.js';

const TASK_QUEUE = 'inventory';
const UNDOS = 'inventory.compensation';

describe.each(queueBackendsUnderTest())('the dispatcher on BullMQ queues on %s', (backend) => {
  let connection: QueueConnection;
  let drop: () => Promise<void> = async () => undefined;

  beforeAll(async () => {
    if (backend === 'redis') {
      connection = { backend, url: testRedisUrl(), prefix: `test-${randomUUID()}` };
      return;
    }
    const database = await createTestDatabase('dispatcher');
    drop = database.drop;
    await migrateQueueSchema(database.url, TASK_QUEUE);
    connection = { backend, url: database.url };
  });
  afterAll(() => drop());

  dispatcherConformance({ describe, it, expect } as TestFramework, async () => {
    const queues = new JobQueues(connection);
    const others: JobQueues[] = [];
    const consumers: Consumer[] = [];
    let letGo: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (letGo = resolve));
    return {
      dispatcher: new QueueDispatcher(queues, { failed: () => undefined }),
      taskQueue: TASK_QUEUE,
      waiting: async (taskQueue) => (await queues.queue(taskQueue).getJobs(['waiting', 'delayed'])).map(({ data }) => data as ActivityJob),
      take: async (taskQueue) =>
        new Promise<ActivityJob>((resolve) => {
          const work = async ({ data }: { data: unknown }): Promise<void> => {
            resolve(data as ActivityJob);
            await released;
          };
          consumers.push(consume(connection, taskQueue, work));
        }),
      isAskedToStop: async (taskQueue, job) => (await queues.cancelRequested(taskQueue, [activityJobId(job)])).size === 1,
      unreachable: async () => {
        const nowhere = new URL(connection.url);
        nowhere.port = '1';
        const unreached = new JobQueues({ ...connection, url: nowhere.href }, { timeoutMs: 500 });
        others.push(unreached);
        return new QueueDispatcher(unreached, { failed: () => undefined });
      },
      dispose: async () => {
        letGo();
        await Promise.all(consumers.map((consumer) => consumer.close(2_000)));
        for (const name of [TASK_QUEUE, UNDOS]) await queues.queue(name).obliterate({ force: true });
        await Promise.all([queues, ...others].map((each) => each.close()));
      },
    };
  });
});
