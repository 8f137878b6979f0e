import pc from 'picocolors';

/** @typedef {import('./outcome.mjs').ChaosOutcome} ChaosOutcome */

/**
 * One kill as a line; the columns stand below each other.
 *
 * @param {import('./conduct-kills.mjs').Kill} kill
 */
export function killLine({ atMs, process, inFlight, downMs, backAfterMs }) {
  return `${seconds(atMs).padStart(9)}  ${process.padEnd(16)} ${String(inFlight).padStart(9)}  ${seconds(downMs).padStart(7)}  ${seconds(backAfterMs).padStart(8)}`;
}

export const KILL_HEADER = '       at  process          in flight     down  back in';

/**
 * What became of the run, as lines for a terminal.
 *
 * @param {ChaosOutcome} outcome
 * @returns {string[]}
 */
export function outcomeLines({ kills, flush, stalls, orders, returns, reconciliation, crashes, complaints, import: imported, durationMs, seed, backend, incidents, clean, directory }) {
  const killed = [...kills, ...(flush === null ? [] : [{ ...flush, process: 'redis (emptied)', downMs: 0, backAfterMs: 0 }])].sort((a, b) => a.atMs - b.atMs);
  const longest = stalls[0];
  return [
    '',
    pc.bold(`${kills.length} kills${flush === null ? '' : ', and Redis emptied once'}, in ${seconds(durationMs)}; queues on ${backend === 'redis' ? 'Redis' : 'Postgres'}; seed ${seed}`),
    pc.dim(KILL_HEADER),
    ...killed.map(killLine),
    '',
    `${pc.bold(String(orders.accepted))} orders: ${orders.completed} completed, ${orders.compensated} compensated, ${orders.cancelled} cancelled, ${orders.failed} failed, ${orders.running} running`,
    `${pc.bold(String(returns.accepted))} returns: ${returns.completed} completed, ${returns.compensated} compensated, ${returns.cancelled} cancelled, ${returns.failed} failed, ${returns.running} running`,
    `${imported.imports} imports${imported.rounds > 1 ? `, the file ${imported.rounds} times` : ''}; ${imported.rejectedInvoices} invoices rejected`,
    ...(longest === undefined ? [] : [pc.bold(`Longest time that an order stood still: ${seconds(longest.durationMs)}`), ...stalls.map(stallLine)]),
    ...crashes.map(({ atMs, message }) => pc.yellow(`${seconds(atMs).padStart(9)}  ${message}`)),
    ...complaints.map((complaint) => pc.red(complaint)),
    ...incidents.slice(0, 20).map((incident) => `    ${JSON.stringify(incident).slice(0, 500)}`),
    ...reconciliation.discrepancies.slice(0, 20).map((discrepancy) => `    ${JSON.stringify(discrepancy)}`),
    clean ? pc.green('Clean: every accepted order has ended, and stock, money and shipments agree with the orders.') : pc.red(`NOT clean. Logs and data are kept in ${directory}`),
  ];
}

/** @param {import('./outcome.mjs').NearStall} stall */
function stallLine({ orderId, atMs, durationMs, after, before, near }) {
  return `${seconds(durationMs).padStart(9)}  from ${seconds(atMs)}  order ${orderId}: ${after} → ${before}${near === undefined ? '' : `; near: ${near}`}`;
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}
