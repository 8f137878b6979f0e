/** @typedef {import('./summarize.mjs').BackendReport} BackendReport */

/**
 * @param {BackendReport} report
 * @returns {string} a few lines for people
 */
export function printReport({ backend, ordersPerSecond, rawBullmqOrdersPerSecond, ratio, cpuRatio, cpuSecondsPer1000, latencyMs, rssMiB, ordersPerSecondByRound, latencyPathMs, perOrder, rawBullmq, run, machine }) {
  const lines = [
    `Queues on ${backend}, steps in mode ${run.stepMode}: ${run.rounds} × ${run.orders} orders, concurrency ${run.concurrency}, ${machine.cores} cores, Node ${machine.node}`,
    ...(ordersPerSecond === null ? [] : [`  Backstitch  ${ordersPerSecond} orders/s (${ordersPerSecondByRound.join(', ')})`]),
    ...(rawBullmq === null ? [] : [`  raw BullMQ  ${rawBullmqOrdersPerSecond} orders/s (${rawBullmq.ordersPerSecondByRound.join(', ')})`]),
    ...(ratio === null ? [] : [`  ratio       ${ratio} (by CPU: ${cpuRatio})`]),
    '',
    ...table(['process', 'CPU s per 1,000', ...(rawBullmq === null ? [] : ['raw']), 'peak MiB', ...(rawBullmq === null ? [] : ['raw'])], rowsOf()),
  ];
  for (const [name, counts] of /** @type {const} */ ([['Backstitch', perOrder], ['raw BullMQ', rawBullmq?.perOrder ?? null]])) {
    if (counts !== null) lines.push(`  per order, ${name}: ${counts.commits} commits, ${counts.walKiB} KiB of write-ahead log, ${counts.redisCommands} Redis commands`);
  }
  for (const [name, latency] of /** @type {const} */ ([['Backstitch', latencyMs], ['raw BullMQ', rawBullmq?.latencyMs ?? null]])) {
    if (latency !== null) lines.push(`  one order at a time, ${name}: p50 ${latency.p50} ms, p99 ${latency.p99} ms`);
  }
  if (latencyPathMs !== null) {
    lines.push(`  of it, all steps together: dispatch ${latencyPathMs.dispatch} ms, serve and answer ${latencyPathMs.serve} ms, the rest ${latencyPathMs.rest} ms (means)`);
  }
  return `${lines.join('\n')}\n`;

  function rowsOf() {
    const names = [...new Set([...Object.keys(cpuSecondsPer1000 ?? {}), ...Object.keys(rawBullmq?.cpuSecondsPer1000 ?? {})])];
    return names.map((name) => [
      name,
      shown(cpuSecondsPer1000?.[name]),
      ...(rawBullmq === null ? [] : [shown(rawBullmq.cpuSecondsPer1000[name])]),
      shown(rssMiB?.[name]),
      ...(rawBullmq === null ? [] : [shown(rawBullmq.rssMiB[name])]),
    ]);
  }
}

/** @param {number | undefined} value */
function shown(value) {
  return value === undefined ? '' : String(value);
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows].map((row) => `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`);
}
