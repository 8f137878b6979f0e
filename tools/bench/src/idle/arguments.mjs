import { parseArgs } from 'node:util';
import { BenchArgumentError } from '../arguments.mjs';

/**
 * @typedef {object} IdleOptions
 * @property {import('../arguments.mjs').Backend} backend
 * @property {number} runs that sleep for days
 * @property {number} orchestrators
 * @property {number} seconds for which queries are counted
 * @property {number} dueRuns started at the end, to see how late each wakes
 * @property {string} [jsonFile]
 */

export const USAGE = `npm run bench:idle -- [options]

Starts the whole stack on servers of its own, with runs that sleep for days, waits until it is quiet, counts the queries that each role makes to Postgres, health
checks included as docker-compose.yml makes them, and then how late runs wake that are due.

  --backend redis|postgres   where the queues are; default redis. BullMQ's own queries on Postgres are counted by themselves
  --runs N                   sleeping runs; default 100000
  --orchestrators N          replicas; default 2
  --seconds N                for which queries are counted; default 60
  --due N                    runs that fall due at the end; default 50
  --json FILE                writes {"queriesPerSecond", "byRole", "bullmqQueriesPerSecond", "wakeDelayMs", "rssMiB", …}
  --help

Exits 0 if there were at most 5 queries a second and every run woke within a second, 1 if not, 2 for a wrong option.`;

/**
 * @param {string[]} args of the command line
 * @returns {IdleOptions | 'help'}
 * @throws {BenchArgumentError}
 */
export function readIdleArguments(args) {
  /** @type {Record<string, string | boolean | undefined>} */
  let values;
  const text = /** @type {const} */ ({ type: 'string' });
  try {
    ({ values } = parseArgs({ args, options: { backend: text, runs: text, orchestrators: text, seconds: text, due: text, json: text, help: { type: 'boolean' } } }));
  } catch (error) {
    throw new BenchArgumentError(error instanceof Error ? error.message : String(error));
  }
  if (values.help === true) return 'help';
  /** @param {string} name @param {number} fallback @param {number} min @param {number} max */
  const wholeNumber = (name, fallback, min, max) => {
    const given = values[name];
    if (given === undefined) return fallback;
    const value = /^\d{1,9}$/.test(String(given)) ? Number(given) : NaN;
    if (!(value >= min && value <= max)) throw new BenchArgumentError(`--${name} must be a whole number from ${min} to ${max}.`);
    return value;
  };
  const backend = values.backend ?? 'redis';
  if (backend !== 'redis' && backend !== 'postgres') throw new BenchArgumentError('--backend must be redis or postgres.');
  if (values.json === '') throw new BenchArgumentError('--json needs a path.');
  return {
    backend,
    runs: wholeNumber('runs', 100_000, 1, 10_000_000),
    orchestrators: wholeNumber('orchestrators', 2, 1, 9),
    seconds: wholeNumber('seconds', 60, 1, 3_600),
    dueRuns: wholeNumber('due', 50, 1, 10_000),
    jsonFile: values.json === undefined ? undefined : String(values.json),
  };
}
