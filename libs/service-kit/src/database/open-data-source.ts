import type { DataSource } from 'typeorm';
import { createDataSource, type DataSourceSettings } from './create-data-source.js';
import { migrate } from './migrate.js';

/** A data source that is migrated and connected, for commands and specs; services import DatabaseModule. */
export async function openDataSource(settings: DataSourceSettings): Promise<DataSource> {
  const dataSource = createDataSource(settings);
  await migrate(dataSource);
  return dataSource.initialize();
}
