import pg from 'pg';

/**
 * What the orchestrator's own tables tell of the orders that were started within a span of time.
 *
 * @typedef {object} Ended
 * @property {Set<string>} orderIds all that were started
 * @property {number} running of these, not ended
 * @property {number[]} durationsMs of those that ended, from start to end
 * @property {number[]} undoMs of each undo, from its scheduling to its end
 * @property {Record<string, number>} byStatus
 */

/**
 * @param {string} databaseUrl of a role that may read the orchestrator's schema
 * @param {{ fromMs: number, untilMs: number }} span in which the runs were started
 * @returns {Promise<Ended>}
 */
export async function readOrders(databaseUrl, { fromMs, untilMs }) {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query(
      `SELECT workflow_id, started_at_ms, closed_at_ms, search_attributes->'OrderStatus'->>0 AS status FROM orchestrator.execution
       WHERE workflow_type = 'orderWorkflow' AND started_at_ms BETWEEN $1 AND $2`,
      [Math.floor(fromMs), Math.ceil(untilMs)],
    );
    /** @type {Ended} */
    const ended = { orderIds: new Set(), running: 0, durationsMs: [], undoMs: [], byStatus: {} };
    for (const row of rows) {
      ended.orderIds.add(row.workflow_id.replace(/^order-/, ''));
      ended.byStatus[row.status] = (ended.byStatus[row.status] ?? 0) + 1;
      if (row.closed_at_ms === null) ended.running += 1;
      else ended.durationsMs.push(Number(row.closed_at_ms) - Number(row.started_at_ms));
    }
    ended.undoMs = await readUndos(client, fromMs, untilMs);
    return ended;
  });
}

/**
 * Orders that ended, by second of the span.
 * @param {string} databaseUrl
 * @param {{ fromMs: number, untilMs: number }} span
 * @returns {Promise<number[]>}
 */
export async function endsBySecond(databaseUrl, { fromMs, untilMs }) {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query(
      `SELECT (closed_at_ms - $1::bigint) / 1000 AS second, count(*)::integer AS ends FROM orchestrator.execution
       WHERE workflow_type = 'orderWorkflow' AND closed_at_ms >= $1 AND closed_at_ms < $2 GROUP BY 1`,
      [Math.floor(fromMs), Math.floor(untilMs)],
    );
    const seconds = Array.from({ length: Math.ceil((untilMs - fromMs) / 1_000) }, () => 0);
    for (const { second, ends } of rows) seconds[Number(second)] = ends;
    return seconds;
  });
}

/**
 * @param {string} databaseUrl
 * @returns {Promise<number>} orders that have not ended
 */
export async function countRunning(databaseUrl) {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query(`SELECT count(*)::integer AS running FROM orchestrator.execution WHERE workflow_type = 'orderWorkflow' AND status = 'RUNNING'`);
    return rows[0].running;
  });
}

/**
 * @param {pg.Client} client
 * @param {number} fromMs
 * @param {number} untilMs
 */
async function readUndos(client, fromMs, untilMs) {
  const { rows } = await client.query(
    `SELECT h.run_id, h.events::text AS events FROM orchestrator.history h JOIN orchestrator.execution e USING (run_id)
     WHERE e.workflow_type = 'orderWorkflow' AND e.started_at_ms BETWEEN $1 AND $2 AND e.search_attributes->'OrderStatus'->>0 IN ('compensated', 'cancelled', 'compensating')
     ORDER BY h.run_id, h.first_event_id`,
    [Math.floor(fromMs), Math.ceil(untilMs)],
  );
  /** @type {Map<string, number>} */
  const scheduledAtMs = new Map();
  const undoMs = [];
  for (const row of rows) {
    for (const event of JSON.parse(row.events)) {
      const { attributes } = event;
      if (event.eventType === 'ACTIVITY_TASK_SCHEDULED' && JSON.stringify(attributes.header ?? {}).includes('undoOf')) scheduledAtMs.set(`${row.run_id}:${event.eventId}`, event.eventTimeMs);
      const begun = event.eventType === 'ACTIVITY_TASK_COMPLETED' ? scheduledAtMs.get(`${row.run_id}:${attributes.scheduledEventId}`) : undefined;
      if (begun !== undefined) undoMs.push(event.eventTimeMs - begun);
    }
  }
  return undoMs;
}

/**
 * @template T
 * @param {string} databaseUrl
 * @param {(client: pg.Client) => Promise<T>} work
 */
async function withClient(databaseUrl, work) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
