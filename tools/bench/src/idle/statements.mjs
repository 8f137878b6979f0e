/**
 * @typedef {object} StatementCount
 * @property {string} role
 * @property {string} query with parameters in the place of values
 * @property {number} calls
 * @property {boolean} ofBullmq it calls one of the functions that BullMQ has in the schemas of queues
 */

/** @param {import('pg').Client} admin */
export async function resetStatements(admin) {
  await admin.query('SELECT pg_stat_statements_reset()');
}

/**
 * What the platform's roles asked since the last reset; what the bench itself asks is left out.
 * @param {import('pg').Client} admin
 * @returns {Promise<StatementCount[]>} most frequent first
 */
export async function readStatements(admin) {
  const { rows } = await admin.query(`
    SELECT r.rolname AS role, s.query, sum(s.calls)::integer AS calls FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
    WHERE r.rolname <> current_user GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`);
  const { rows: functions } = await admin.query(`
    SELECT DISTINCT p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname LIKE 'queue\\_%'`);
  const names = new Set(functions.map(({ name }) => name));
  return rows.map((row) => ({ ...row, ofBullmq: [...row.query.matchAll(/(\w+)"?\s*\(/g)].some(([, name]) => names.has(name)) }));
}

/**
 * @param {readonly StatementCount[]} statements
 * @param {number} seconds
 */
export function summarizeStatements(statements, seconds) {
  /** @type {Record<string, number>} */
  const byRole = {};
  let bullmq = 0;
  let total = 0;
  for (const { role, calls, ofBullmq } of statements) {
    if (ofBullmq) {
      bullmq += calls;
      continue;
    }
    total += calls;
    byRole[role] = (byRole[role] ?? 0) + calls;
  }
  const perSecond = (/** @type {number} */ calls) => Math.round((calls / seconds) * 1_000) / 1_000;
  return {
    queriesPerSecond: perSecond(total),
    bullmqQueriesPerSecond: perSecond(bullmq),
    byRole: Object.fromEntries(Object.entries(byRole).map(([role, calls]) => [role, perSecond(calls)])),
    top: statements.slice(0, 20).map(({ role, query, calls, ofBullmq }) => ({ role, perSecond: perSecond(calls), query: query.replace(/\s+/g, ' ').slice(0, 160), ofBullmq })),
  };
}
