import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { freePort } from './free-port.mjs';

/**
 * @typedef {object} RedisServer
 * @property {string} url
 * @property {number} port
 * @property {number} pid
 * @property {() => Promise<void>} stop shuts down with SIGTERM; the append-only file is kept
 */

const START_TIMEOUT_MS = 15_000;

/**
 * Whether a `redis-server` is on the PATH.
 * @returns {boolean}
 */
export function hasRedisServer() {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * Starts the `redis-server` on the PATH on loopback, with AOF and `noeviction`, as BullMQ wants it.
 *
 * @param {object} options
 * @param {string} options.directory for its files; made if missing
 * @param {number} [options.port] preferred port; another is taken if it is not free
 * @returns {Promise<RedisServer>}
 */
export async function startRedis({ directory, port: preferredPort }) {
  mkdirSync(directory, { recursive: true });
  const port = await freePort(preferredPort);
  const server = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--appendonly', 'yes', '--maxmemory-policy', 'noeviction', '--save', '', '--daemonize', 'no'],
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  const exited = new Promise((resolve) => server.once('exit', resolve));
  let output = '';
  await new Promise((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error(`redis-server did not come up within ${START_TIMEOUT_MS} ms: ${output}`)), START_TIMEOUT_MS);
    server.stdout.on('data', (chunk) => {
      output = (output + String(chunk)).slice(-4_000);
      if (output.includes('Ready to accept connections')) {
        clearTimeout(timeout);
        resolve(undefined);
      }
    });
    server.once('error', (error) => {
      clearTimeout(timeout);
      reject(error);
    });
    server.once('exit', (code) => {
      clearTimeout(timeout);
      reject(new Error(`redis-server ended with code ${code}: ${output}`));
    });
  });
  server.stderr.resume();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: /** @type {number} */ (server.pid),
    async stop() {
      server.kill('SIGTERM');
      await exited;
    },
  };
}
