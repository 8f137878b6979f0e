import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '@backstitch/servers';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { until } from '../test/until.js';
import { consume, JobQueues, migrateQueueSchema, queueSchemaOf, QueueUnavailableError, type QueueConnection } from './index.js';

describe('queues in Postgres', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let admin: pg.Client;
  let connection: QueueConnection;
  const open: { close: () => Promise<unknown> }[] = [];

  beforeAll(async () => {
    database = await createTestDatabase('queues_pg');
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    connection = { backend: 'postgres', url: database.url, poolMax: 3 };
    await migrateQueueSchema(database.url, 'inventory');
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });
  afterAll(async () => {
    await admin.end();
    await database.drop();
  });
  const openQueues = (to: QueueConnection = connection) => {
    const queues = new JobQueues(to);
    open.push(queues);
    return queues;
  };
  const openConsumer = (queueName: string, seen: string[]) => {
    const consumer = consume(connection, queueName, async ({ jobId }) => void seen.push(jobId));
    open.push({ close: () => consumer.close(1_000) });
    return consumer;
  };
  const connectionCount = async (where = 'true') =>
    (await admin.query(`SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'backstitch-queues%' AND ${where}`, [database.name]))
      .rows[0].count as number;

  it('given six workers and a producer in one process, when they work, then they hold one pool and one listening connection', async () => {
    const seen: string[] = [];
    const queueNames = ['inventory', 'inventory.compensation', 'inventory.outcomes'];
    for (const queueName of [...queueNames, ...queueNames]) await openConsumer(queueName, seen).ready();
    const queues = openQueues();
    await Promise.all(
      queueNames.map((queueName) => queues.addBulk(queueName, Array.from({ length: 20 }, () => ({ name: 'a', jobId: `job-${randomUUID()}`, data: {} })))),
    );
    await until('all jobs are delivered', () => seen.length === 60);
    expect(await connectionCount()).toBeLessThanOrEqual(4);
  });

  it('given a schema that is not migrated, when a worker there is closed, then nothing keeps the process', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const errors: object[] = [];
    const logger = { debug: () => undefined, info: () => undefined, warn: (fields: object) => void errors.push(fields), error: () => undefined };
    const consumer = consume(connection, 'nowhere', () => Promise.resolve(), { logger });
    await until('it has failed', () => errors.length > 0);
    await consumer.close(1_000);
    await until('its timers have gone', () => timers() <= before, 20_000);
  });

  it('given all is closed, when connections are counted, then none is left', async () => {
    const seen: string[] = [];
    openConsumer('inventory', seen);
    const queues = openQueues();
    await queues.addBulk('inventory', [{ name: 'a', jobId: `job-${randomUUID()}`, data: {} }]);
    await until('the job is delivered', () => seen.length === 1);
    await Promise.all(open.splice(0).map((each) => each.close()));
    await until('all connections are closed', async () => (await connectionCount()) === 0);
  });

  it('given a listening connection that broke, when a job is added, then the idle worker takes it at once all the same', async () => {
    const seen: string[] = [];
    await openConsumer('inventory', seen).ready();
    const queues = openQueues();
    await until('the worker listens', async () => (await connectionCount(`application_name = 'backstitch-queues-listener' AND query LIKE 'LISTEN%' OR query LIKE '%LISTEN bullmq%'`)) > 0);
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'backstitch-queues%'`, [database.name]);
    const jobId = `job-${randomUUID()}`;
    await until('a job is added', () =>
      queues.addBulk('inventory', [{ name: 'a', jobId, data: {} }]).then(
        () => true,
        () => false,
      ),
    );
    const addedAtMs = Date.now();
    await until('the job is delivered', () => seen.includes(jobId));
    // Of itself it looks after half a minute.
    expect(Date.now() - addedAtMs).toBeLessThan(25_000);
  });

  it('given a schema that is not migrated yet, when it is, then a worker that had started before works', async () => {
    const seen: string[] = [];
    openConsumer('payment', seen);
    const queues = openQueues();
    const jobId = `job-${randomUUID()}`;
    await expect(queues.addBulk('payment', [{ name: 'a', jobId, data: {} }])).rejects.toBeInstanceOf(QueueUnavailableError);
    await migrateQueueSchema(database.url, 'payment');
    await queues.addBulk('payment', [{ name: 'a', jobId, data: {} }]);
    await until('the job is delivered', () => seen.includes(jobId));
  });

  it('given a database that cannot be reached, when jobs are added, then that fails', async () => {
    const url = new URL(database.url);
    url.port = '1';
    const queues = openQueues({ backend: 'postgres', url: url.href });
    await expect(queues.addBulk('inventory', [{ name: 'a', jobId: 'x-1', data: {} }])).rejects.toBeInstanceOf(QueueUnavailableError);
  });

  it('given a role that owns its queue schema and may create none, when it migrates twice, then it can, and another role can add without creating anything', async () => {
    const suffix = randomUUID().slice(0, 8);
    const [owner, guest] = [`owner_${suffix}`, `guest_${suffix}`];
    const schema = queueSchemaOf('fulfilment');
    await admin.query(`CREATE ROLE ${owner} LOGIN PASSWORD 'secret'; CREATE ROLE ${guest} LOGIN PASSWORD 'secret'`);
    await admin.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${owner}`);
    await admin.query(`GRANT USAGE ON SCHEMA ${schema} TO ${guest}`);
    await admin.query(`ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${guest}`);
    await admin.query(`ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${schema} GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO ${guest}`);
    const as = (role: string) => {
      const url = new URL(database.url);
      url.username = role;
      url.password = 'secret';
      return url.href;
    };
    try {
      await migrateQueueSchema(as(owner), 'fulfilment');
      await migrateQueueSchema(as(owner), 'fulfilment');
      const queues = openQueues({ backend: 'postgres', url: as(guest) });
      await queues.addBulk('fulfilment', [{ name: 'a', jobId: `job-${suffix}`, data: {} }]);
      expect(await queues.queue('fulfilment').getWaitingCount()).toBe(1);
      await queues.close();
    } finally {
      await admin.query(`DROP SCHEMA ${schema} CASCADE; DROP OWNED BY ${owner}; DROP OWNED BY ${guest}; DROP ROLE ${owner}; DROP ROLE ${guest}`);
    }
  });
});
