import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMigrations } from 'bullmq';
import pg from 'pg';
import { bootstrapDatabase, ROLES } from '@backstitch/database';
import { hasRedisServer, startEmbeddedPostgres, startRedis } from '@backstitch/servers';

/**
 * @typedef {object} BenchServers
 * @property {string} directory of their data and of all logs
 * @property {{ pid: number, adminUrl: string, urls: Record<import('@backstitch/database').Role, string> }} postgres
 * @property {{ pid: number, url: string } | undefined} redis
 * @property {() => Promise<void>} stop also removes the directory
 */

/** The backend needs a `redis-server` on the PATH. */
export class NoRedisServerError extends Error {
  code = 'NO_REDIS_SERVER';
}

/**
 * A Postgres with fsync and synchronous_commit on, with the platform's roles and schemas, and a Redis with an append-only file (everysec), both new.
 *
 * @param {import('./arguments.mjs').Backend} backend
 * @param {{ countStatements?: boolean }} [options] `countStatements`: Postgres keeps pg_stat_statements, which costs a little
 * @returns {Promise<BenchServers>}
 * @throws {NoRedisServerError}
 */
export async function startServers(backend, { countStatements = false } = {}) {
  if (backend === 'redis' && !hasRedisServer()) throw new NoRedisServerError('There is no redis-server on the PATH: install one, or measure with --backend postgres.');
  const directory = mkdtempSync(join(tmpdir(), 'backstitch-bench-'));
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, 'logs'));
  /** @type {(() => Promise<void>)[]} */
  const undo = [async () => rmSync(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const dataDirectory = join(directory, 'postgres');
    let postgres = await startEmbeddedPostgres({ dataDirectory, durable: true });
    undo.push(() => postgres.stop());
    if (countStatements) {
      await preloadStatementStatistics(postgres.url);
      await postgres.stop();
      postgres = await startEmbeddedPostgres({ dataDirectory, durable: true });
    }
    const passwords = /** @type {Record<import('@backstitch/database').Role, string>} */ (Object.fromEntries(ROLES.map((role) => [role, randomBytes(16).toString('hex')])));
    const { urls } = await bootstrapDatabase({ adminUrl: postgres.url, passwords, queues: backend });
    const adminUrl = new URL(postgres.url);
    adminUrl.pathname = new URL(urls.orchestrator).pathname;
    if (backend === 'postgres') await makeRawQueues(adminUrl.href);
    let redis;
    if (backend === 'redis') {
      redis = await startRedis({ directory: join(directory, 'redis') });
      undo.push(redis.stop);
    }
    return { directory, postgres: { pid: postgres.pid, adminUrl: adminUrl.href, urls }, redis: redis && { pid: redis.pid, url: redis.url }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where raw BullMQ's queues are with the backend Postgres. */
export const RAW_QUEUES_SCHEMA = 'raw_queues';

/** @param {string} url */
async function makeRawQueues(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await runMigrations(client, RAW_QUEUES_SCHEMA);
  } finally {
    await client.end();
  }
}

/**
 * Takes effect at the server's next start.
 * @param {string} url
 */
async function preloadStatementStatistics(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`);
    await client.query(`ALTER SYSTEM SET pg_stat_statements.track_planning = on`);
  } finally {
    await client.end();
  }
}
