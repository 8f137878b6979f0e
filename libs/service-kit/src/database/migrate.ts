import { createHash } from 'node:crypto';
import { DataSource } from 'typeorm';

/**
 * Runs the data source's pending migrations, each in a transaction of its own. Replicas that start at once do it one after the other, under an
 * advisory lock per schema. Uses connections of its own without a statement time-out; the data source need not be connected.
 *
 * @returns names of the migrations that ran
 */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  const options = dataSource.options;
  if (options.type !== 'postgres') throw new TypeError('migrate() is for Postgres.');
  const extra = (options.extra ?? {}) as { options?: string };
  const sessionOptions = `${extra.options ?? ''} -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0`;
  const migrator = new DataSource({ ...options, poolSize: 2, entities: [], extra: { ...extra, options: sessionOptions } });
  await migrator.initialize();
  try {
    const lockHolder = migrator.createQueryRunner();
    try {
      // A session's lock: if this process dies the server gives it free.
      await lockHolder.query('SELECT pg_advisory_lock($1)', [advisoryLockId(`migrate ${options.schema ?? ''}`)]);
      const executed = await migrator.runMigrations({ transaction: 'each' });
      return executed.map((migration) => migration.name);
    } finally {
      await lockHolder.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
      await lockHolder.release();
    }
  } finally {
    await migrator.destroy();
  }
}

/** A 64-bit lock id from a text, as a decimal string. */
export function advisoryLockId(text: string): string {
  return createHash('sha256').update(text).digest().readBigInt64BE(0).toString();
}
