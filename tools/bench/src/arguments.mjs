import { parseArgs } from 'node:util';

/** @typedef {'redis' | 'postgres'} Backend */
/** @typedef {'backstitch' | 'bullmq'} System */
/** @typedef {'statement' | 'statement-alone' | 'transaction'} StepMode how Backstitch's steps meet the database */
/**
 * @typedef {object} BenchOptions
 * @property {Backend[]} backends
 * @property {System[]} systems what is measured; the ratio needs both
 * @property {StepMode[]} [stepModes] the first gives the figures; undefined: statement, and transaction too with queues on Redis
 * @property {number} orders of one round
 * @property {number} rounds of each system
 * @property {number} [warmUpOrders] of each system, not measured; undefined: as many as it takes until the programs get no faster
 * @property {number} latencyOrders one at a time, of each system
 * @property {number} concurrency jobs of one service at once
 * @property {number} outstandingMax orders open at once while they are started in bulk
 * @property {string} [jsonFile]
 * @property {string} [profileDirectory]
 */

export const USAGE = `npm run bench -- [options]

The same order (three steps, 300 bytes, one Postgres transaction each, every tenth fails at step 3 and undoes two steps) through Backstitch and through raw
BullMQ, in turns, on the same Postgres and Redis, which are started for it and thrown away.

  --backend redis|postgres   where the queues are; default: both, one after the other
  --system backstitch|bullmq one of the two alone, without a ratio; default: both
  --step-mode MODE           how our steps meet the database: statement (mode 'statement': one statement, which may share a commit with others),
                             statement-alone (the same, each with a commit of its own), transaction (ordinary handlers); default: statement, and
                             on Redis transaction in a second run
  --orders N                 orders of one round; default 10000
  --rounds N                 rounds of each system; default 3
  --warm-up N                orders before the first round, not measured; default 10000, with queues on Postgres 2000
  --latency-orders N         orders one at a time, for p50 and p99; default 400; 0: none
  --concurrency N            jobs of one service at once; default 50
  --outstanding N            orders open at once; default 2000
  --json FILE                writes {"backend", "ordersPerSecond", "rawBullmqOrdersPerSecond", "ratio", "cpuSecondsPer1000", "latencyMs", "rssMiB", …};
                             with both backends the outer figures are those on Redis, and "onPostgres" holds the same for Postgres;
                             "transactionMode" holds the figures of a second run
  --profile DIRECTORY        writes a .cpuprofile of each process over the measured rounds, and top-functions.txt
  --section runtime          the engine and its sandbox alone, without store and queues: see --section runtime --help
  --help

Exits 0 if all work was really done (effects, undos and closed runs are counted), 1 if not, 2 for a wrong option.`;

/** An option that cannot be understood. */
export class BenchArgumentError extends Error {
  code = 'BENCH_ARGUMENT';
}

/**
 * @param {string[]} args of the command line
 * @returns {BenchOptions | 'help'}
 * @throws {BenchArgumentError}
 */
export function readArguments(args) {
  /** @type {Record<string, string | boolean | undefined>} */
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        backend: { type: 'string' },
        system: { type: 'string' },
        'step-mode': { type: 'string' },
        orders: { type: 'string' },
        rounds: { type: 'string' },
        'warm-up': { type: 'string' },
        'latency-orders': { type: 'string' },
        concurrency: { type: 'string' },
        outstanding: { type: 'string' },
        json: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new BenchArgumentError(error instanceof Error ? error.message : String(error));
  }
  if (values.help === true) return 'help';

  /** @param {string} name @param {number} fallback @param {number} min @param {number} max */
  const wholeNumber = (name, fallback, min, max) => {
    const text = values[name];
    if (text === undefined) return fallback;
    const value = /^\d{1,9}$/.test(String(text)) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) throw new BenchArgumentError(`--${name} must be a whole number from ${min} to ${max}.`);
    return value;
  };
  /** @template {string} T @param {string} name @param {readonly T[]} choices @returns {T[]} */
  const someOf = (name, choices) => {
    const text = values[name];
    if (text === undefined) return [...choices];
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined) throw new BenchArgumentError(`--${name} must be one of ${choices.join(', ')}.`);
    return [chosen];
  };
  /** @param {string} name */
  const path = (name) => {
    const text = values[name];
    if (text === '') throw new BenchArgumentError(`--${name} needs a path.`);
    return text === undefined ? undefined : String(text);
  };
  return {
    backends: someOf('backend', /** @type {const} */ (['redis', 'postgres'])),
    systems: someOf('system', /** @type {const} */ (['backstitch', 'bullmq'])),
    stepModes: values['step-mode'] === undefined ? undefined : someOf('step-mode', /** @type {const} */ (['statement', 'statement-alone', 'transaction'])),
    orders: wholeNumber('orders', 10_000, 10, 1_000_000),
    rounds: wholeNumber('rounds', 3, 1, 100),
    warmUpOrders: values['warm-up'] === undefined ? undefined : wholeNumber('warm-up', 0, 0, 1_000_000),
    latencyOrders: wholeNumber('latency-orders', 400, 0, 100_000),
    concurrency: wholeNumber('concurrency', 50, 1, 100),
    outstandingMax: wholeNumber('outstanding', 2_000, 100, 100_000),
    jsonFile: path('json'),
    profileDirectory: path('profile'),
  };
}
