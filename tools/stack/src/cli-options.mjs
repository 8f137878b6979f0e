import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkInstanceCounts, SCALABLE } from './services.mjs';

/**
 * @typedef {object} CliOptions
 * @property {string} [ordersFile] absolute path of the CSV file to import instead of placing samples
 * @property {number} [stockPerSku] stock that each SKU of the file starts with; the gateway's own default if absent
 * @property {number} [gatewayPort] preferred port of the gateway
 * @property {import('./services.mjs').InstanceCounts} instances processes of each service
 * @property {boolean} exit stop when the orders have ended
 * @property {string} [jsonFile] absolute path to write the outcome to
 * @property {boolean} verbose
 * @property {boolean} help
 */

const STOCK_MAX = 1_000_000_000;
const PORT_MAX = 65_535;

/** What the user typed cannot be used; the message says why in plain words. */
export class UsageError extends Error {
  code = 'USAGE';
}

export const HELP = `Starts the whole order platform on this machine.

  npm start                          places 100 sample orders, shows what became of them, and stays up
  npm start -- --orders FILE         places the orders of a CSV file (.csv or .csv.gz) instead
  npm run reset                      removes all data of the local platform (.backstitch/)

Options
  --orders FILE    CSV with the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
  --stock N        pieces that each SKU of the file starts with, if it is new (default: enough)
  --scale NAME=N   N processes of a service (${SCALABLE.join(', ')}); may be given for several
  --exit           stops when the orders have ended; exit code 0 only if the accounts are clean
  --json FILE      writes the outcome as JSON
  --verbose        shows all logs instead of errors only (all are always in .backstitch/logs/)
  --help           this text

Environment
  REDIS_URL        keeps the queues on that Redis; not set: on Postgres, so that nothing but npm is needed
  HOST             address that the services listen on (default 127.0.0.1)
  PORT             port of the gateway (default 3000; another is chosen if it is taken)
`;

/**
 * @param {string[]} args
 * @param {string} directory that relative paths start from
 * @param {{ PORT?: string }} [environment]
 * @returns {CliOptions}
 * @throws {UsageError}
 */
export function readCliOptions(args, directory, { PORT: port } = {}) {
  const values = parse(args);
  const ordersFile = values.orders === undefined ? undefined : resolve(directory, values.orders);
  if (ordersFile !== undefined && !existsSync(ordersFile)) throw new UsageError(`There is no file ${values.orders}.`);
  if (values.stock !== undefined && ordersFile === undefined) throw new UsageError('--stock belongs to --orders FILE: it says how many pieces each SKU of the file starts with.');
  return {
    ordersFile,
    stockPerSku: values.stock === undefined ? undefined : wholeNumber(values.stock, '--stock', STOCK_MAX),
    gatewayPort: port === undefined || port === '' ? undefined : wholeNumber(port, 'PORT', PORT_MAX),
    instances: readScale(values.scale ?? []),
    exit: values.exit ?? false,
    jsonFile: values.json === undefined ? undefined : resolve(directory, values.json),
    verbose: values.verbose ?? false,
    help: values.help ?? false,
  };
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
        stock: { type: 'string' },
        scale: { type: 'string', multiple: true },
        exit: { type: 'boolean' },
        json: { type: 'string' },
        verbose: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}

/**
 * What `--scale` says.
 *
 * @param {string[]} scales each `NAME=N`
 * @returns {import('./services.mjs').InstanceCounts}
 * @throws {UsageError}
 */
export function readScale(scales) {
  const counts = Object.fromEntries(
    scales.map((scale) => {
      const [, name = '', count] = /^([\w-]+)=(\d+)$/.exec(scale) ?? [];
      if (count === undefined) throw new UsageError(`--scale takes NAME=N, such as orchestrator=2, not "${scale}".`);
      return [name, Number(count)];
    }),
  );
  try {
    checkInstanceCounts(counts);
  } catch (error) {
    throw new UsageError(`--scale: ${/** @type {Error} */ (error).message}`);
  }
  return counts;
}

/**
 * @param {string} text
 * @param {string} option
 * @param {number} max
 */
export function wholeNumber(text, option, max) {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > max) throw new UsageError(`${option} must be a whole number of at most ${max.toLocaleString('en')}, not "${text}".`);
  return number;
}
