import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '@backstitch/servers';
import { createPostgresBackend, Queue } from 'bullmq';
import pg from 'pg';
import { bootstrapDatabase, QUEUE_SERVICES, queueSchemaOf, ROLES, SCHEMA_ROLES } from './index.mjs';

type Role = (typeof ROLES)[number];
const DENIED = '42501';

async function query(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

describe('the platform’s database', () => {
  // The same on every run: roles belong to the server, which other specs share.
  const passwords = Object.fromEntries(ROLES.map((role) => [role, `test-${role}-%/`])) as Record<Role, string>;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let urls: Record<Role, string>;

  beforeAll(async () => {
    database = await createTestDatabase('bootstrap');
    const options = { adminUrl: database.url, database: database.name, passwords, queues: 'postgres' as const };
    ({ urls } = await bootstrapDatabase(options));
    for (const role of SCHEMA_ROLES) {
      await query(urls[role], `CREATE TABLE secrets (id int); INSERT INTO secrets VALUES (1); CREATE VIEW ledger AS SELECT id FROM secrets`);
    }
    // A second run changes nothing, and repairs the auditor's grants.
    await bootstrapDatabase(options);
  });
  afterAll(async () => {
    await database.drop();
  });

  it.each(SCHEMA_ROLES)('lets %s work in its own schema, which is its search path', async (role) => {
    expect((await query(urls[role], 'SELECT id FROM secrets')).rows).toEqual([{ id: 1 }]);
  });

  it.each(ROLES)('does not let %s read another’s schema', async (role) => {
    for (const owner of SCHEMA_ROLES.filter((name) => name !== role)) {
      await expect(query(urls[role], `SELECT * FROM ${owner}.secrets`)).rejects.toMatchObject({ code: DENIED });
    }
  });

  it.each(ROLES)('does not let %s make objects in public, or schemas', async (role) => {
    await expect(query(urls[role], 'CREATE TABLE public.intruder (id int)')).rejects.toMatchObject({ code: DENIED });
    await expect(query(urls[role], 'CREATE SCHEMA intruder')).rejects.toMatchObject({ code: DENIED });
  });

  it.each(ROLES.filter((role) => role !== 'orchestrator' && role !== 'console'))('does not let %s read another’s queues', async (role) => {
    for (const owner of QUEUE_SERVICES.filter((name) => name !== role)) {
      await expect(query(urls[role], `SELECT * FROM ${queueSchemaOf(owner)}.job`)).rejects.toMatchObject({ code: DENIED });
    }
  });

  it('lets the auditor read every ledger and nothing behind it', async () => {
    for (const owner of SCHEMA_ROLES) expect((await query(urls.auditor, `SELECT * FROM ${owner}.ledger`)).rowCount).toBe(1);
  });

  it.each(['orchestrator', 'console', 'inventory'] as const)('lets %s add and remove jobs of inventory', async (role) => {
    const connection = { connectionString: urls[role], schema: queueSchemaOf('inventory'), max: 2 };
    const queue = new Queue('inventory', { connection: connection as never }, createPostgresBackend as never);
    try {
      const job = await queue.add('reserveStock', { orderId: randomBytes(4).toString('hex') });
      const [bulk] = await queue.addBulk([{ name: 'reserveStock', data: {} }, { name: 'reserveStock', data: {}, opts: { jobId: `${role}-1` } }]);
      await job.remove();
      await bulk?.remove();
      expect(await queue.getJob(job.id as string)).toBeUndefined();
    } finally {
      await queue.close();
    }
  });

  it('lets two runs at once wait for each other', async () => {
    const options = { adminUrl: database.url, database: database.name, passwords, queues: 'postgres' as const };
    await expect(Promise.all([bootstrapDatabase(options), bootstrapDatabase(options)])).resolves.toHaveLength(2);
  });

  it('lets runs at once for databases of their own, by different ways in, make the roles that they share', async () => {
    const others = await Promise.all([1, 2, 3, 4].map(() => createTestDatabase('bootstrap')));
    try {
      const runs = others.map(({ url, name }) => bootstrapDatabase({ adminUrl: url, database: name, passwords, queues: 'redis' }));
      await expect(Promise.all(runs)).resolves.toHaveLength(4);
    } finally {
      for (const { drop } of others) await drop();
    }
  });
});
