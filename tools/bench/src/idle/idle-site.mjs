import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';
import { bundle, workspacePackages } from '@backstitch/build';
import { hasRedisServer, startRedis } from '@backstitch/servers';
import { buildPlatform, startStack } from '@backstitch/stack';
import { NoRedisServerError } from '../servers.mjs';

const WORKSPACE = fileURLToPath(new URL('../../../../', import.meta.url));
const CACHE = join(WORKSPACE, 'node_modules/.cache/backstitch');

/**
 * @typedef {object} IdleSite
 * @property {import('@backstitch/stack').Stack} stack
 * @property {pg.Client} admin
 * @property {() => Promise<void>} stop also removes all that the site wrote
 */

/**
 * The whole platform, its orchestrators with the bench's sleeping workflow instead of the platform's own, on a Postgres that counts statements.
 *
 * @param {import('./arguments.mjs').IdleOptions} options
 * @returns {Promise<IdleSite>}
 * @throws {NoRedisServerError}
 */
export async function openIdleSite({ backend, orchestrators }) {
  if (backend === 'redis' && !hasRedisServer()) throw new NoRedisServerError('There is no redis-server on the PATH: install one, or measure with --backend postgres.');
  await buildPlatform();
  const directory = mkdtempSync(join(tmpdir(), 'backstitch-idle-'));
  chmodSync(directory, 0o755);
  mkdirSync(CACHE, { recursive: true });
  const programs = mkdtempSync(join(CACHE, 'idle-'));
  /** @type {(() => unknown)[]} */
  const undo = [() => rmSync(directory, { recursive: true, force: true }), () => rmSync(programs, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const orchestrator = await sleepingOrchestrator(programs);
    const redis = backend === 'redis' ? await startRedis({ directory: join(directory, 'redis') }) : undefined;
    if (redis !== undefined) undo.push(redis.stop);
    const stack = await startStack({ directory: join(directory, 'stack'), redisUrl: redis?.url, anyPort: true, ports: {}, instances: { orchestrator: orchestrators }, programs: { orchestrator } });
    undo.push(stack.stop);
    const admin = await countStatements(stack);
    undo.push(() => admin.end());
    return { stack, admin, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The built orchestrator beside another bundle of workflows.
 * @param {string} directory
 * @returns {Promise<string>} its main program
 */
async function sleepingOrchestrator(directory) {
  cpSync(join(WORKSPACE, 'dist/apps/orchestrator'), directory, { recursive: true });
  await bundle({ entries: { 'bundle-workflows': join(WORKSPACE, 'libs/sandbox/src/index.ts') }, outputDirectory: directory, workspaceNames: new Set(workspacePackages().keys()) });
  const { bundleWorkflows } = await import(pathToFileURL(join(directory, 'bundle-workflows.js')).href);
  const workflowsPath = fileURLToPath(new URL('../idle-workflows/index.ts', import.meta.url));
  writeFileSync(join(directory, 'workflows.json'), JSON.stringify(await bundleWorkflows({ workflowsPath })));
  return join(directory, 'main.js');
}

/**
 * What counts statements is loaded at the server's start only, so the server is started once more under the stack.
 * @param {import('@backstitch/stack').Stack} stack
 */
async function countStatements({ databaseUrls, postgres, services, waitUntilReady }) {
  const connect = async () => {
    const client = new pg.Client({ connectionString: databaseUrls.admin });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const first = await connect();
  await first.query(`ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`);
  await postgres.crash();
  await first.end().catch(() => undefined);
  const admin = await connect();
  await admin.query('CREATE EXTENSION pg_stat_statements');
  await Promise.all(services.map(({ service, number }) => waitUntilReady(service, number)));
  return admin;
}
