import { createPlatformTestDatabase } from '@backstitch/database/testing';
import { openDataSource } from '@backstitch/service-kit';
import { migrations } from '../src/migrations/index.js';

export type InventoryDatabase = Awaited<ReturnType<typeof createInventoryDatabase>>;

/** A database like production's; `dataSource` is connected as the role `inventory`, the schema is migrated. */
export async function createInventoryDatabase({ poolMax = 20, queues = 'redis' }: { poolMax?: number; queues?: 'postgres' | 'redis' } = {}) {
  const database = await createPlatformTestDatabase({ label: 'inventory', queues });
  const dataSource = await openDataSource({ url: database.urls.inventory, schema: 'inventory', migrations, poolMax });
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
