import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { HealthRegistry } from '../health/health-registry.js';
import { LOGGER } from '../tokens.js';
import { connectWithRetry } from './connect-with-retry.js';
import { createDataSource, type DataSourceSettings } from './create-data-source.js';
import { migrate } from './migrate.js';

/**
 * Global: the service's DataSource, migrated and connected before anything that injects it is made, with the readiness check `database`;
 * closed last at shutdown. Needs ServiceKitModule.
 */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  static forRoot(settings: DataSourceSettings): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [
        {
          provide: DataSource,
          inject: [LOGGER, HealthRegistry],
          useFactory: (logger: Logger, health: HealthRegistry) => openDatabase(settings, logger, health),
        },
      ],
      exports: [DataSource],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }
}

async function openDatabase(settings: DataSourceSettings, logger: Logger, health: HealthRegistry): Promise<DataSource> {
  const dataSource = createDataSource(settings);
  const executed = await connectWithRetry(() => migrate(dataSource), { logger });
  if (executed.length > 0) logger.info({ migrations: executed }, 'migrated');
  await connectWithRetry(() => dataSource.initialize(), { logger });
  health.register('database', async () => {
    await dataSource.query('SELECT 1');
  });
  return dataSource;
}
