import { serviceQueues } from '@backstitch/protocol';
import { runMigrations, type PgQueryable, type PgQueryResult } from 'bullmq';
import pg from 'pg';
import { queueSchemaOf } from './queue-connection.js';

/**
 * Makes or upgrades the tables of a service's queues in its schema `queue_<service>`. Safe to call at every start and from several processes at
 * once; all or nothing. Call it as the role that owns the schema.
 *
 * @param database URL of the database, or one connected client (not a pool: a transaction and a lock are held)
 * @param service e.g. `inventory`
 */
export async function migrateQueueSchema(database: string | pg.Client | pg.PoolClient, service: string): Promise<void> {
  if (typeof database !== 'string') return migrate(database, service);
  const client = new pg.Client({ connectionString: database, application_name: `backstitch-queue-migration-${service}` });
  await client.connect();
  try {
    await migrate(client, service);
  } finally {
    await client.end();
  }
}

async function migrate(client: pg.Client | pg.PoolClient, service: string): Promise<void> {
  const schema = queueSchemaOf(service);
  const { rows } = await client.query('SELECT to_regnamespace(quote_ident($1)) IS NOT NULL AS exists', [schema]);
  const schemaExists = rows[0]?.exists === true;
  const session: PgQueryable = {
    // CREATE SCHEMA IF NOT EXISTS asks for the right to create schemas in the database even where the schema exists; a service's role has none.
    query: async <R>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> =>
      schemaExists && text.startsWith('CREATE SCHEMA IF NOT EXISTS') ? { rows: [] } : client.query<R & pg.QueryResultRow>(text, params as unknown[] | undefined),
  };
  await runMigrations(session, schema);
  await createJobIdSequences(client, schema, Object.values(serviceQueues(service)));
}

/** BullMQ makes a queue's sequence on the first add, and would make it as whoever adds first; here the owner does. */
async function createJobIdSequences(client: pg.Client | pg.PoolClient, schema: string, queueNames: string[]): Promise<void> {
  const quotedSchema = client.escapeIdentifier(schema);
  for (const queueName of queueNames) {
    await client.query(`SELECT ${quotedSchema}.next_job_id($1) WHERE to_regclass(format('%I.%I', $2::text, ${quotedSchema}.job_id_seq_name($1))) IS NULL`, [
      queueName,
      schema,
    ]);
  }
}
