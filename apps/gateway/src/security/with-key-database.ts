import { connectWithRetry, createLogger, databaseConfiguration, openDataSource, readConfiguration } from '@backstitch/service-kit';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { gatewayMigrations } from '../migrations/index.js';

/** Opens the gateway's database for a command about API keys, and closes it afterwards. DATABASE_URL names it. */
export async function withKeyDatabase<T>(command: string, run: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const configuration = readConfiguration(z.object({ DATABASE_URL: databaseConfiguration.DATABASE_URL }));
  const settings = { url: configuration.DATABASE_URL, schema: 'gateway', migrations: gatewayMigrations, poolMax: 2, applicationName: `gateway ${command}` };
  const dataSource = await connectWithRetry(() => openDataSource(settings), { logger: createLogger({ service: command, level: 'silent' }) });
  try {
    return await run(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
