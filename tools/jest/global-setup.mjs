import { mkdtempSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasRedisServer, startEmbeddedPostgres, startRedis, TEST_POSTGRES_URL, TEST_REDIS_URL } from '@backstitch/servers';

/** Starts one Postgres, and one Redis where there is a `redis-server`, for all specs that need them. */
export default async function globalSetup() {
  if (process.env.BACKSTITCH_TEST_SERVERS === 'none' || process.env[TEST_POSTGRES_URL] !== undefined) return;
  const directory = mkdtempSync(join(tmpdir(), 'backstitch-jest-'));
  chmodSync(directory, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDirectory: join(directory, 'postgres'), durable: false });
  process.env[TEST_POSTGRES_URL] = postgres.url;
  const redis = hasRedisServer() ? await startRedis({ directory: join(directory, 'redis') }) : undefined;
  if (redis !== undefined) process.env[TEST_REDIS_URL] = redis.url;
  (/** @type {Record<string, unknown>} */ (globalThis)).__backstitchTestServers = { directory, postgres, redis };
}
