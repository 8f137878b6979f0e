import { DataSource, type MigrationInterface } from 'typeorm';

/** A TypeORM migration class. */
export type MigrationClass = new () => MigrationInterface;

export interface DataSourceSettings {
  /** Connection URL of the service's own role. */
  url: string;
  /** The schema that unqualified names mean: the session's whole search_path. */
  schema: string;
  migrations: readonly MigrationClass[];
  // TypeORM takes entity classes as bare functions.
  entities?: readonly (new (...args: never[]) => unknown)[];
  /** Default 10. */
  poolMax?: number;
  /** Shows in pg_stat_activity. Default the schema's name. */
  applicationName?: string;
  /** A statement that takes longer is cancelled. Default 30,000; 0 is no limit. */
  statementTimeoutMs?: number;
  /** Waiting for a row or table lock that takes longer fails. Default 15,000; 0 is no limit. */
  lockTimeoutMs?: number;
  /** A transaction whose client says nothing for longer is rolled back, so that a lost client holds no lock. Default 60,000. */
  idleInTransactionTimeoutMs?: number;
  /** Getting a connection, from the pool or new, may take this long. Default 5,000. */
  connectionTimeoutMs?: number;
}

const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * A TypeORM data source on Postgres that is not yet connected. Its sessions see the given schema only and have time-outs on connecting, on
 * statements, on locks and on idle transactions. `bigint` comes back as a string, as Postgres' 64 bits do not fit a number.
 *
 * @throws {TypeError} if the schema's name is not a plain lower-case identifier
 */
export function createDataSource(settings: DataSourceSettings): DataSource {
  const { schema } = settings;
  if (!SCHEMA_NAME.test(schema)) throw new TypeError(`Not a schema's name: ${schema}`);
  const sessionSettings = [
    `search_path=${schema}`,
    'timezone=UTC',
    `lock_timeout=${settings.lockTimeoutMs ?? 15_000}`,
    `idle_in_transaction_session_timeout=${settings.idleInTransactionTimeoutMs ?? 60_000}`,
    `statement_timeout=${settings.statementTimeoutMs ?? 30_000}`,
  ];
  return new DataSource({
    type: 'postgres',
    url: settings.url,
    schema,
    migrations: [...settings.migrations],
    migrationsTableName: 'migrations',
    entities: [...(settings.entities ?? [])],
    synchronize: false,
    installExtensions: false,
    applicationName: settings.applicationName ?? schema,
    poolSize: settings.poolMax ?? 10,
    logging: false,
    // An idle connection that breaks (the server restarts) must not end the process: the pool replaces it.
    poolErrorHandler: () => undefined,
    extra: {
      options: sessionSettings.map((setting) => `-c ${setting}`).join(' '),
      connectionTimeoutMillis: settings.connectionTimeoutMs ?? 5_000,
      keepAlive: true,
    },
  });
}
