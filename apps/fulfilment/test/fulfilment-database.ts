import { bootstrapDatabase, ROLES } from '@backstitch/database';
import { createTestDatabase } from '@backstitch/servers';
import { createDataSource, migrate } from '@backstitch/service-kit';
import type { DataSource, EntityManager } from 'typeorm';
import { migrations } from '../src/migrations/index.js';

type Role = (typeof ROLES)[number];

export interface FulfilmentDatabase {
  name: string;
  /** Connected as the role `fulfilment`, migrated. */
  dataSource: DataSource;
  urls: Record<Role, string>;
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
  drop(): Promise<void>;
}

/** A database like production's: roles, schemas and grants by the same tool, the schema by the service's own migrations. */
export async function createFulfilmentDatabase({ poolMax = 20, queues = 'redis' }: { poolMax?: number; queues?: 'postgres' | 'redis' } = {}): Promise<FulfilmentDatabase> {
  const database = await createTestDatabase('fulfilment');
  const adminUrl = new URL(database.url);
  // Roles belong to the server: runs take turns by a lock in this database. The passwords are the same in all specs.
  adminUrl.pathname = '/postgres';
  const passwords = Object.fromEntries(ROLES.map((role) => [role, `test-${role}-%/`])) as Record<Role, string>;
  const { urls } = await bootstrapPatiently({ adminUrl: adminUrl.href, database: database.name, passwords, queues });
  const dataSource = createDataSource({ url: urls.fulfilment, schema: 'fulfilment', migrations, poolMax });
  await migrate(dataSource);
  await dataSource.initialize();
  return {
    name: database.name,
    dataSource,
    urls,
    transaction: (work) => dataSource.transaction(work),
    async drop() {
      await dataSource.destroy();
      await database.drop();
    },
  };
}

/** Specs in another process may change the same roles through another database, where the lock does not hold: Postgres then refuses one of the two. */
async function bootstrapPatiently(options: Parameters<typeof bootstrapDatabase>[0], triesLeft = 5): ReturnType<typeof bootstrapDatabase> {
  try {
    return await bootstrapDatabase(options);
  } catch (error) {
    if ((error as { code?: string }).code !== 'XX000' || triesLeft === 1) throw error;
    return bootstrapPatiently(options, triesLeft - 1);
  }
}
