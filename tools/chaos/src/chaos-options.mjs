import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { hasRedisServer } from '@backstitch/servers';
import { readScale, UsageError, wholeNumber } from '@backstitch/stack';
import { STOCK_DEFAULT } from './run-chaos.mjs';

/** @typedef {'redis' | 'postgres'} Backend where the queues are */
/**
 * @typedef {object} ChaosCliOptions
 * @property {string} [ordersFile] absolute path of the CSV file to import; absent: a made-up one
 * @property {number} kills
 * @property {number} seed
 * @property {Backend} backend
 * @property {number} [stockPerSku]
 * @property {import('@backstitch/stack').InstanceCounts} instances
 * @property {string} [jsonFile] absolute path
 * @property {string} [reportFile] absolute path, .html or .svg
 * @property {boolean} keep keep the stack's logs and data also when all went well
 * @property {boolean} help
 */

const KILLS_DEFAULT = 30;
const KILLS_MAX = 10_000;
const SEED_MAX = 2 ** 32 - 1;
const STOCK_MAX = 1_000_000_000;
/** What runs side by side unless `--scale` says otherwise. */
export const INSTANCES_DEFAULT = Object.freeze({ orchestrator: 2, inventory: 2, payment: 2, fulfilment: 2 });

export const HELP = `The kill test: imports orders into a stack of its own while its processes are killed at random, and settles the accounts.

  npm run chaos -- --orders FILE --kills 30      kills 30 processes during the import of a CSV file (.csv or .csv.gz)
  npm run chaos                                  the same with made-up orders

Options
  --orders FILE    CSV with the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
  --kills N        how many processes are killed (default ${KILLS_DEFAULT}); besides, Redis is emptied once
  --seed N         what is killed, and when (default: random; it is printed)
  --backend NAME   redis or postgres: where the queues are (default: redis where a redis-server is found)
  --scale NAME=N   N processes of a service; may be given for several (default: two of ${Object.keys(INSTANCES_DEFAULT).join(', ')})
  --stock N        pieces that each SKU starts with (default: ${STOCK_DEFAULT}; fewer with made-up orders; so that some orders fail and are undone)
  --json FILE      writes the outcome as JSON
  --report FILE    draws the run, as .html or .svg
  --keep           keeps logs and data also when all went well
  --help           this text

The exit code is 0 only if every accepted order has ended, the accounts are clean and no incident is open.
`;

/**
 * @param {string[]} args
 * @param {string} directory that relative paths start from
 * @returns {ChaosCliOptions}
 * @throws {UsageError}
 */
export function readChaosOptions(args, directory) {
  const values = parse(args);
  const ordersFile = values.orders === undefined ? undefined : resolve(directory, values.orders);
  if (ordersFile !== undefined && !existsSync(ordersFile)) throw new UsageError(`There is no file ${values.orders}.`);
  const reportFile = values.report === undefined ? undefined : resolve(directory, values.report);
  if (reportFile !== undefined && !['.html', '.svg'].includes(extname(reportFile))) throw new UsageError('--report takes a file that ends in .html or .svg.');
  return {
    ordersFile,
    kills: values.kills === undefined ? KILLS_DEFAULT : wholeNumber(values.kills, '--kills', KILLS_MAX),
    seed: values.seed === undefined ? randomInt(SEED_MAX + 1) : wholeNumber(values.seed, '--seed', SEED_MAX),
    backend: readBackend(values.backend),
    stockPerSku: values.stock === undefined ? undefined : wholeNumber(values.stock, '--stock', STOCK_MAX),
    instances: { ...INSTANCES_DEFAULT, ...readScale(values.scale ?? []) },
    jsonFile: values.json === undefined ? undefined : resolve(directory, values.json),
    reportFile,
    keep: values.keep ?? false,
    help: values.help ?? false,
  };
}

/**
 * @param {string} [name]
 * @returns {Backend}
 */
function readBackend(name) {
  if (name === undefined) return hasRedisServer() ? 'redis' : 'postgres';
  if (name !== 'redis' && name !== 'postgres') throw new UsageError(`--backend is redis or postgres, not "${name}".`);
  if (name === 'redis' && !hasRedisServer()) throw new UsageError('--backend redis needs a redis-server on the PATH, since one is started and killed here.');
  return name;
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      strict: true,
      allowPositionals: false,
      options: {
        orders: { type: 'string' },
        kills: { type: 'string' },
        seed: { type: 'string' },
        backend: { type: 'string' },
        scale: { type: 'string', multiple: true },
        stock: { type: 'string' },
        json: { type: 'string' },
        report: { type: 'string' },
        keep: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}
