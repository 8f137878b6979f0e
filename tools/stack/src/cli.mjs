import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import pc from 'picocolors';
import { KEYS_FILE } from './api-keys.mjs';
import { BuildFailedError, buildPlatform } from './build-platform.mjs';
import { HELP, readCliOptions, UsageError } from './cli-options.mjs';
import { importOrders } from './import-orders.mjs';
import { showLogLine } from './log-lines.mjs';
import { placeSamples } from './place-samples.mjs';
import { progressBar } from './progress-bar.mjs';
import { addressLines, outcomeLines } from './report.mjs';
import { DEFAULT_PORTS } from './services.mjs';
import { runningStack, StackRunningError } from './stack-lock.mjs';
import { startStack } from './start-stack.mjs';
import { STATE_DIRECTORY } from './state-directory.mjs';
import { WORKSPACE } from './workspace.mjs';

const SAMPLES = 100;

/** @typedef {import('./start-stack.mjs').Stack} Stack */
/** @typedef {import('./cli-options.mjs').CliOptions} CliOptions */

/**
 * `npm start`. Sets the process's exit code.
 * @param {string[]} args
 */
export async function main(args) {
  const options = optionsOrExplain(args);
  if (options === undefined) return;
  const interruption = new AbortController();
  /** @type {Stack | undefined} */
  let stack;
  listenForStop(interruption, () => stack?.killServices());
  try {
    const runningPid = runningStack(join(WORKSPACE, STATE_DIRECTORY));
    if (runningPid !== undefined) throw new StackRunningError(runningPid);
    await buildPlatform({ onStart: () => say('Building the services (the first time takes a little longer)') });
    stack = await startStack({
      directory: join(WORKSPACE, STATE_DIRECTORY),
      redisUrl: process.env.REDIS_URL || undefined,
      host: process.env.HOST || undefined,
      instances: options.instances,
      ports: options.gatewayPort === undefined ? {} : { gateway: options.gatewayPort },
      onProgress: say,
      onLine: (name, line) => {
        const shown = showLogLine(name, line, { minimumLevel: options.verbose ? 'debug' : 'error', index: Object.keys(DEFAULT_PORTS).findIndex((service) => name.startsWith(service)) });
        if (shown !== undefined) console.log(shown);
      },
      signal: interruption.signal,
      onFailure: () => {
        process.exitCode = 1;
        say('Stopping: running work ends first');
        interruption.abort();
      },
    });
    say(`Everything is up, with the queues on ${process.env.REDIS_URL ? 'Redis' : 'Postgres'}`);
    const clean = await placeOrders(stack, options, interruption.signal);
    if (options.exit) process.exitCode = clean ? 0 : 1;
    else await stayUp(stack, options, interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) {
      process.exitCode = 1;
      console.error(pc.red(explain(error)));
    } else if (options.exit) {
      process.exitCode = 130;
    }
  } finally {
    if (stack !== undefined) {
      if (!interruption.signal.aborted) say('Stopping: running work ends first');
      await stack.stop();
      say('Stopped. The data is kept in .backstitch/ for the next start');
    }
  }
  // Signal handlers and idle sockets are no reason to stay.
  process.exit();
}

/**
 * @param {string[]} args
 * @returns {CliOptions | undefined} undefined: there is nothing to do; the exit code is set
 */
function optionsOrExplain(args) {
  try {
    const options = readCliOptions(args, process.env.INIT_CWD ?? process.cwd(), process.env);
    if (!options.help) return options;
    console.log(HELP);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${pc.red(error.message)}\n\n${HELP}`);
    process.exitCode = 2;
  }
  return undefined;
}

/**
 * The first Ctrl-C stops in order; the second one kills.
 *
 * @param {AbortController} interruption
 * @param {() => void} kill
 */
function listenForStop(interruption, kill) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      if (interruption.signal.aborted) {
        say('Killing the services');
        kill();
      } else {
        console.log();
        say('Stopping: running work ends first; Ctrl-C once more kills at once');
        interruption.abort(new Error('asked to stop'));
      }
    });
  }
}

/**
 * @param {Stack} stack
 * @param {CliOptions} options
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether the accounts are clean
 */
async function placeOrders(stack, options, signal) {
  const { outcome, samples } = options.ordersFile === undefined ? await placeSamplesWithBars(stack, signal) : await importWithBars(stack, options, signal);
  console.log(`\n${outcomeLines(outcome, samples).join('\n')}\n`);
  if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, `${JSON.stringify(outcome, null, 2)}\n`);
  return outcome.reconciliation.clean;
}

/**
 * @param {Stack} stack
 * @param {AbortSignal} signal
 */
async function placeSamplesWithBars(stack, signal) {
  say(`Placing ${SAMPLES} sample orders through the REST API`);
  const placing = progressBar('placed', SAMPLES);
  /** @type {ReturnType<typeof progressBar> | undefined} */
  let ending;
  try {
    return await placeSamples(stack, {
      count: SAMPLES,
      signal,
      onPlaced(placed) {
        placing.update(placed);
        if (placed === SAMPLES) {
          placing.stop();
          ending = progressBar('ended', SAMPLES);
        }
      },
      onEnded: (ended) => ending?.update(ended),
    });
  } finally {
    (ending ?? placing).stop();
  }
}

/**
 * @param {Stack} stack
 * @param {CliOptions} options
 * @param {AbortSignal} signal
 */
async function importWithBars(stack, { ordersFile, stockPerSku }, signal) {
  const file = /** @type {string} */ (ordersFile);
  say(`Importing the orders of ${basename(file)}`);
  const sending = progressBar('read (KiB)', 0);
  /** @type {ReturnType<typeof progressBar> | undefined} */
  let ending;
  try {
    const { outcome } = await importOrders(stack, {
      file,
      stockPerSku,
      signal,
      onUpload: (sent, total) => sending.update(Math.round(sent / 1024), Math.round(total / 1024)),
      onProgress(ended, total) {
        if (ending === undefined) {
          sending.stop();
          ending = progressBar('orders and returns', total);
        }
        ending.update(ended, total);
      },
    });
    return { outcome, samples: [] };
  } finally {
    (ending ?? sending).stop();
  }
}

/**
 * @param {Stack} stack
 * @param {CliOptions} options
 * @param {AbortSignal} signal
 */
async function stayUp(stack, { ordersFile }, signal) {
  const lines = addressLines(stack, join(WORKSPACE, STATE_DIRECTORY, KEYS_FILE), { samplesAreOnStock: ordersFile === undefined });
  console.log(`${lines.join('\n')}\n`);
  say(`Logs are in ${STATE_DIRECTORY}/logs/, errors show here. Ctrl-C stops everything`);
  await new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', resolve, { once: true });
  });
}

/** @param {unknown} error */
function explain(error) {
  if (error instanceof StackRunningError) return `${error.message} Use that one, or stop it first (Ctrl-C in its terminal).`;
  if (error instanceof BuildFailedError) return error.message;
  return `${error instanceof Error ? error.message : String(error)}\nThe logs are in ${STATE_DIRECTORY}/logs/.`;
}

/** @param {string} message */
function say(message) {
  console.log(`${pc.dim('•')} ${message}`);
}
