import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** Environment variables through which Jest's global set-up tells specs where the servers are. */
export const TEST_POSTGRES_URL = 'BACKSTITCH_TEST_POSTGRES_URL';
export const TEST_REDIS_URL = 'BACKSTITCH_TEST_REDIS_URL';

/**
 * A database of its own for one spec file, on the Postgres that Jest's global set-up started.
 *
 * @param {string} [label] shows in the database's name
 * @returns {Promise<{ url: string, name: string, drop: () => Promise<void> }>} superuser's URL of the new database
 */
export async function createTestDatabase(label = 'spec') {
  const serverUrl = process.env[TEST_POSTGRES_URL];
  if (serverUrl === undefined) throw new Error(`${TEST_POSTGRES_URL} is not set: run specs through Jest's configuration.`);
  const name = `test_${label.toLowerCase().replace(/[^a-z0-9_]/g, '_')}_${randomBytes(4).toString('hex')}`;
  await admin(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, name, drop: () => admin(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/**
 * The queue backends that specs run on: Postgres always, Redis where a `redis-server` was found.
 * @returns {('postgres' | 'redis')[]}
 */
export function queueBackendsUnderTest() {
  return process.env[TEST_REDIS_URL] === undefined ? ['postgres'] : ['postgres', 'redis'];
}

/**
 * URL of the test Redis.
 * @returns {string}
 */
export function testRedisUrl() {
  const url = process.env[TEST_REDIS_URL];
  if (url === undefined) throw new Error('There is no redis-server here.');
  return url;
}

/**
 * @param {string} url
 * @param {string} sql
 */
async function admin(url, sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
