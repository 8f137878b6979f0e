import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.mjs';

/**
 * @typedef {object} RedisServer
 * @property {string} url
 * @property {number} port
 * @property {number} pid another one after each crash
 * @property {(options?: { downMs?: number }) => Promise<void>} crash kills it with SIGKILL; it stays down for `downMs` (default 0) and is started again at the
 *   same port on the same files; resolves when it takes connections
 * @property {() => Promise<void>} flushAll empties it
 * @property {() => Promise<void>} stop shuts down with SIGTERM; the append-only file is kept
 */

const START_TIMEOUT_MS = 15_000;
const ANSWER_TIMEOUT_MS = 5_000;

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
  let server = await spawnRedis(directory, port);
  let stopped = false;
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid;
    },
    async crash({ downMs = 0 } = {}) {
      server.kill('SIGKILL');
      await server.exited;
      await delay(downMs);
      if (!stopped) server = await spawnRedis(directory, port);
    },
    flushAll: () => flushAll(port),
    async stop() {
      stopped = true;
      server.kill('SIGTERM');
      await server.exited;
    },
  };
}

/**
 * @param {string} directory
 * @param {number} port
 * @returns {Promise<{ pid: number, exited: Promise<unknown>, kill: (signal: NodeJS.Signals) => void }>} when it takes connections
 */
async function spawnRedis(directory, port) {
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
  return { pid: /** @type {number} */ (server.pid), exited, kill: (signal) => void server.kill(signal) };
}

/**
 * @param {number} port
 * @returns {Promise<void>}
 */
function flushAll(port) {
  const socket = connect({ port, host: '127.0.0.1', timeout: ANSWER_TIMEOUT_MS });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error(`redis-server did not answer within ${ANSWER_TIMEOUT_MS} ms.`)));
    socket.once('data', (answer) => {
      socket.end();
      if (String(answer).startsWith('+OK')) resolve(undefined);
      else reject(new Error(`redis-server refused to be emptied: ${String(answer).trim()}`));
    });
    socket.write('FLUSHALL\r\n');
  });
}
