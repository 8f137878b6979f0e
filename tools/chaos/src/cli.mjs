import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { BuildFailedError, UsageError } from '@backstitch/stack';
import pc from 'picocolors';
import { HELP, readChaosOptions } from './chaos-options.mjs';
import { pictureOf } from './picture.mjs';
import { KILL_HEADER, killLine, outcomeLines } from './report.mjs';
import { runChaos } from './run-chaos.mjs';

/**
 * `npm run chaos`. Sets the process's exit code: 0 clean, 1 not clean, 2 wrong usage, 130 interrupted.
 * @param {string[]} args
 */
export async function main(args) {
  const options = optionsOrExplain(args);
  if (options === undefined) return;
  const interruption = new AbortController();
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      if (!interruption.signal.aborted) say('Stopping');
      interruption.abort(new Error('asked to stop'));
    });
  }
  const { seed, kills, backend, ordersFile, stockPerSku, instances, keep } = options;
  say(`Seed ${seed}: ${kills} kills, queues on ${backend === 'redis' ? 'Redis' : 'Postgres'}`);
  let shown = 0;
  try {
    const outcome = await runChaos({
      seed,
      kills,
      backend,
      ordersFile,
      stockPerSku,
      instances,
      keep,
      signal: interruption.signal,
      onProgress: say,
      onKill(kill) {
        if (shown === 0) console.log(pc.dim(`${' '.repeat(KILL_COUNT_WIDTH)}${KILL_HEADER}`));
        shown += 1;
        console.log(`${`${shown}/${kills}`.padStart(KILL_COUNT_WIDTH)}${killLine(kill)}`);
      },
    });
    console.log(outcomeLines(outcome).join('\n'));
    const { runs: _picture, ...written } = outcome;
    if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, `${JSON.stringify(written, null, 2)}\n`);
    if (options.reportFile !== undefined) writeFileSync(options.reportFile, pictureOf(outcome, extname(options.reportFile) === '.svg' ? 'svg' : 'html'));
    process.exitCode = outcome.clean ? 0 : 1;
  } catch (error) {
    process.exitCode = interruption.signal.aborted ? 130 : 1;
    if (!interruption.signal.aborted) console.error(pc.red(error instanceof BuildFailedError ? error.message : String(error instanceof Error ? (error.stack ?? error.message) : error)));
  }
  // Signal handlers and idle sockets are no reason to stay.
  process.exit();
}

const KILL_COUNT_WIDTH = 8;

/**
 * @param {string[]} args
 * @returns {import('./chaos-options.mjs').ChaosCliOptions | undefined} undefined: there is nothing to do; the exit code is set
 */
function optionsOrExplain(args) {
  try {
    const options = readChaosOptions(args, process.env.INIT_CWD ?? process.cwd());
    if (!options.help) return options;
    console.log(HELP);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${pc.red(error.message)}\n\n${HELP}`);
    process.exitCode = 2;
  }
  return undefined;
}

/** @param {string} message */
function say(message) {
  console.log(`${pc.dim('•')} ${message}`);
}
