import { parseArgs } from 'node:util';
import { BenchArgumentError } from './arguments.mjs';

/** @typedef {{ backend: 'redis' | 'postgres', seconds: number, factor: number, capacityOrders: number, warmUpOrders: number, openActivitiesMax: number | undefined, jsonFile: string | undefined, pictureFile: string | undefined }} OverloadOptions */

export const USAGE = `npm run bench:overload -- [options]

Measures how many orders a whole stack does through its gateway, then offers so many times more for a while, and looks at what becomes of them.

  --backend redis|postgres     where the queues are; default redis
  --seconds N                  how long too much is offered; default 60
  --factor N                   how many times more than the stack can do; default 10
  --capacity-orders N          orders with which it is measured what it can do; default 3000
  --warm-up N                  orders before that, not measured; default 1000
  --open-activities-max N      the orchestrator's ADMISSION_OPEN_ACTIVITIES_MAX; default: its own
  --json FILE                  writes the figures
  --picture FILE               writes the minute as an SVG
  --help

Exits 0 if nothing that was accepted is lost, nothing else was placed, every refusal says when to come again and the accounts are clean; 1 if not, 2 for a wrong option.`;

/**
 * @param {string[]} args of the command line
 * @returns {OverloadOptions | 'help'}
 * @throws {BenchArgumentError}
 */
export function readOverloadArguments(args) {
  /** @type {Record<string, string | boolean | undefined>} */
  let values;
  try {
    const text = { type: /** @type {const} */ ('string') };
    ({ values } = parseArgs({
      args,
      options: { backend: text, seconds: text, factor: text, 'capacity-orders': text, 'warm-up': text, 'open-activities-max': text, json: text, picture: text, help: { type: 'boolean' } },
    }));
  } catch (error) {
    throw new BenchArgumentError(error instanceof Error ? error.message : String(error));
  }
  if (values['help'] === true) return 'help';
  const { backend = 'redis' } = values;
  if (backend !== 'redis' && backend !== 'postgres') throw new BenchArgumentError('--backend must be redis or postgres.');
  /** @param {string} name @param {number} max */
  const wholeNumber = (name, max) => {
    if (values[name] === undefined) return undefined;
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1 || value > max) throw new BenchArgumentError(`--${name} must be a whole number from 1 to ${max}.`);
    return value;
  };
  /** @param {string} name */
  const file = (name) => (values[name] === undefined ? undefined : String(values[name]));
  return {
    backend,
    seconds: wholeNumber('seconds', 3_600) ?? 60,
    factor: wholeNumber('factor', 100) ?? 10,
    capacityOrders: wholeNumber('capacity-orders', 1_000_000) ?? 3_000,
    warmUpOrders: wholeNumber('warm-up', 1_000_000) ?? 1_000,
    openActivitiesMax: wholeNumber('open-activities-max', 100_000_000),
    jsonFile: file('json'),
    pictureFile: file('picture'),
  };
}
