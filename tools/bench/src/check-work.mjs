import pg from 'pg';
import { STEP_SERVICES } from './bench-site.mjs';

/** @typedef {import('./arguments.mjs').System} System */

/**
 * What must be in the database when all orders of a system have ended, by name of the count.
 *
 * @param {System} system
 * @param {number} orders
 * @param {number} failing of them, at the last step
 * @returns {Record<string, number>}
 */
export function expectedCounts(system, orders, failing) {
  /** @type {Record<string, number>} */
  const counts = {};
  STEP_SERVICES.forEach((service, position) => {
    const isLast = position === STEP_SERVICES.length - 1;
    counts[`effects in ${service}`] = isLast ? orders - failing : orders;
    counts[`undos in ${service}`] = isLast ? 0 : failing;
  });
  return system === 'bullmq' ? counts : { ...counts, 'runs completed': orders - failing, 'runs compensated': failing, 'runs in all': orders };
}

/**
 * @param {System} system
 * @param {string} adminUrl
 * @returns {Promise<Record<string, number>>} the same names as {@link expectedCounts}; an effect that happened twice counts twice
 */
export async function countWork(system, adminUrl) {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    /** @param {string} sql @returns {Promise<number>} */
    const count = async (sql) => (await client.query(`SELECT count(*)::int AS count FROM ${sql}`)).rows[0].count;
    const prefix = system === 'bullmq' ? 'raw_' : '';
    /** @type {Record<string, number>} */
    const counts = {};
    for (const service of STEP_SERVICES) {
      counts[`effects in ${service}`] = await count(`${service}.${prefix}effect`);
      counts[`undos in ${service}`] = await count(`${service}.${prefix}undone`);
    }
    if (system === 'backstitch') {
      const runs = `orchestrator.execution WHERE status = 'COMPLETED' AND result->>'status' =`;
      counts['runs completed'] = await count(`${runs} 'completed'`);
      counts['runs compensated'] = await count(`${runs} 'compensated'`);
      counts['runs in all'] = await count('orchestrator.execution');
    }
    return counts;
  } finally {
    await client.end();
  }
}

/**
 * @param {string} what named at the head of each difference
 * @param {Record<string, number>} expected
 * @param {Record<string, number>} found
 * @returns {string[]} one sentence for each count that is not as expected
 */
export function differences(what, expected, found) {
  return Object.entries(expected)
    .filter(([name, count]) => found[name] !== count)
    .map(([name, count]) => `${what}: ${name}: ${found[name] ?? 'none'} instead of ${count}`);
}

/**
 * Whether all was really done, and once.
 *
 * @param {System} system
 * @param {string} adminUrl
 * @param {number} orders
 * @param {number} failing
 * @returns {Promise<string[]>} what is not as it should be; empty if all is well
 */
export async function checkWork(system, adminUrl, orders, failing) {
  return differences(system, expectedCounts(system, orders, failing), await countWork(system, adminUrl));
}
