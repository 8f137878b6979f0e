/** @typedef {{ seed: number, count: number, histories?: string, suites: boolean, keep: boolean, shrinks: number, only?: string }} Arguments */

const RANDOM_RUNS = 500;
const SEED_MAX = 2 ** 32;

export const USAGE = `npm run referee -- [--seed <number>] [--count <number>] [--histories <folder>] [--no-suites] [--only <id>] [--shrink <number>]

  --seed       first of the seeds of the random workflows; default: by chance, printed
  --count      random workflows; default ${RANDOM_RUNS}
  --histories  folder in which a test run has collected its histories (BACKSTITCH_HISTORIES); default: the suites are run now
  --no-suites  random workflows and controls alone
  --keep       keeps the folder of the exported histories even if all is well
  --shrink     so many of the random workflows that are rejected are reduced to the smallest program that still is; default 0
  --only       only the history with this id (random-<seed> needs the same --seed and --count)`;

/**
 * @param {readonly string[]} given
 * @returns {Arguments} @throws Error with the usage
 */
export function parseArguments(given) {
  /** @type {Arguments} */
  const parsed = { seed: Math.floor(Math.random() * SEED_MAX), count: RANDOM_RUNS, suites: true, keep: false, shrinks: 0 };
  const rest = [...given];
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    switch (name) {
      case '--seed':
        parsed.seed = wholeNumber(name, rest.shift(), SEED_MAX - 1);
        break;
      case '--count':
        parsed.count = wholeNumber(name, rest.shift(), 1_000_000);
        break;
      case '--histories':
        parsed.histories = text(name, rest.shift());
        break;
      case '--shrink':
        parsed.shrinks = wholeNumber(name, rest.shift(), 1_000);
        break;
      case '--only':
        parsed.only = text(name, rest.shift());
        break;
      case '--no-suites':
        parsed.suites = false;
        break;
      case '--keep':
        parsed.keep = true;
        break;
      default:
        throw new Error(`There is no option ${name}.\n\n${USAGE}`);
    }
  }
  return parsed;
}

/**
 * @param {string} name
 * @param {string | undefined} value
 * @param {number} max
 */
function wholeNumber(name, value, max) {
  const number = Number(value);
  if (value === undefined || !Number.isInteger(number) || number < 0 || number > max) throw new Error(`${name} takes a whole number up to ${max}.\n\n${USAGE}`);
  return number;
}

/**
 * @param {string} name
 * @param {string | undefined} value
 */
function text(name, value) {
  if (value === undefined || value === '') throw new Error(`${name} takes a value.\n\n${USAGE}`);
  return value;
}
