import { DataSource } from 'typeorm';
import { createTestDatabase } from '@backstitch/servers';
import { orchestratorMigrations } from '../src/index.js';

export interface TestDatabase {
  url: string;
  dataSource: DataSource;
  /** A further data source on the same database, for another replica. */
  connect(poolSize?: number): Promise<DataSource>;
  drop(): Promise<void>;
}

/** A database of its own with the orchestrator's schema. */
export async function makeTestDatabase(label: string): Promise<TestDatabase> {
  const database = await createTestDatabase(label);
  const opened: DataSource[] = [];
  const connect = async (poolSize = 10): Promise<DataSource> => {
    const dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      migrations: [...orchestratorMigrations],
      installExtensions: false,
      poolSize,
      poolErrorHandler: () => undefined,
    });
    opened.push(dataSource);
    return dataSource.initialize();
  };
  const dataSource = await connect();
  await dataSource.runMigrations();
  return {
    url: database.url,
    dataSource,
    connect,
    drop: async () => {
      await Promise.all(opened.filter(({ isInitialized }) => isInitialized).map((source) => source.destroy()));
      await database.drop();
    },
  };
}
