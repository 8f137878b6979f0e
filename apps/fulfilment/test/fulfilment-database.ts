import { createPlatformTestDatabase } from '@backstitch/database/testing';
import { openDataSource } from '@backstitch/service-kit';
import { migrations } from '../src/migrations/index.js';

export type FulfilmentDatabase = Awaited<ReturnType<typeof createFulfilmentDatabase>>;

/** A database like production's; `dataSource` is connected as the role `fulfilment`, the schema is migrated. */
export async function createFulfilmentDatabase({ poolMax = 20, queues = 'redis' }: { poolMax?: number; queues?: 'postgres' | 'redis' } = {}) {
  const database = await createPlatformTestDatabase({ label: 'fulfilment', queues });
  const dataSource = await openDataSource({ url: database.urls.fulfilment, schema: 'fulfilment', migrations, poolMax });
  return {
    ...database,
    dataSource,
    transaction: dataSource.transaction.bind(dataSource) as <T>(work: (manager: typeof dataSource.manager) => Promise<T>) => Promise<T>,
    async drop() {
      await dataSource.destroy();
      await database.drop();
    },
  };
}
