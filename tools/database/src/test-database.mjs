import { createTestDatabase } from '@backstitch/servers';
import { bootstrapDatabase } from './bootstrap-database.mjs';
import { ROLES } from './roles.mjs';

/** @typedef {import('./roles.mjs').Role} Role */

/**
 * A database like production's for one spec file: roles, schemas and grants by the same tool.
 *
 * @param {{ label?: string, queues?: 'postgres' | 'redis' }} [options] `queues` default `redis`, which makes no queue schemas
 * @returns {Promise<{ name: string, adminUrl: string, urls: Record<Role, string>, drop: () => Promise<void> }>}
 */
export async function createPlatformTestDatabase({ label, queues = 'redis' } = {}) {
  const database = await createTestDatabase(label);
  const adminUrl = new URL(database.url);
  // Roles belong to the server: runs take turns by a lock in this database.
  adminUrl.pathname = '/postgres';
  const { urls } = await bootstrapDatabase({ adminUrl: adminUrl.href, database: database.name, passwords: testPasswords(), queues });
  return { name: database.name, adminUrl: database.url, urls, drop: database.drop };
}

/** The same in all specs, since the roles are the same: another password would lock the others out. */
function testPasswords() {
  return /** @type {Record<Role, string>} */ (Object.fromEntries(ROLES.map((role) => [role, `test-${role}-%/`])));
}
