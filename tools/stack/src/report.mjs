import pc from 'picocolors';

/**
 * What became of the orders, as lines for a terminal.
 *
 * @param {import('./outcome.mjs').Outcome} outcome
 * @param {{ status: string, reason?: string }[]} [samples] placed one by one
 * @returns {string[]}
 */
export function outcomeLines({ orders, returns, rejected, durationMs, ordersPerSecond, acceptMs, completionMs, reconciliation }, samples = []) {
  const lines = [
    pc.bold(`${orders.accepted} orders in ${(durationMs / 1_000).toFixed(1)} s (${ordersPerSecond} a second)`),
    row('completed', orders.completed, pc.green),
    row('compensated', orders.compensated, pc.yellow, 'undone after a step failed'),
    ...reasonLines(samples),
    row('cancelled', orders.cancelled, pc.yellow),
    row('still running', orders.running, orders.running === 0 ? pc.dim : pc.red),
  ];
  if (returns.accepted > 0) {
    lines.push(pc.bold(`${returns.accepted} returns`), row('completed', returns.completed, pc.green), row('compensated', returns.compensated, pc.yellow), row('still running', returns.running, returns.running === 0 ? pc.dim : pc.red));
  }
  if (rejected.rows + rejected.invoices > 0) {
    lines.push(pc.bold(`rejected: ${rejected.rows} rows, ${rejected.invoices} invoices`));
    for (const [reason, count] of Object.entries(rejected.byReason).sort(([, a], [, b]) => b - a)) lines.push(row(reason, count, pc.dim));
  }
  lines.push(pc.dim(`accepted in ${milliseconds(acceptMs.p50)} (99%: ${milliseconds(acceptMs.p99)}), ended in ${milliseconds(completionMs.p50)} (99%: ${milliseconds(completionMs.p99)})`));
  lines.push(reconciliation.clean ? pc.green('The accounts are clean: stock, money and shipments agree with the orders.') : pc.red(`The accounts are NOT clean: ${reconciliation.discrepancies.length} discrepancies.`));
  for (const discrepancy of reconciliation.discrepancies.slice(0, 20)) lines.push(`    ${JSON.stringify(discrepancy)}`);
  return lines;
}

/** @param {{ status: string, reason?: string }[]} samples */
function reasonLines(samples) {
  /** @type {Map<string, number>} */
  const byReason = new Map();
  for (const { status, reason } of samples) {
    if (reason !== undefined) byReason.set(`${status === 'failed' ? 'failed: ' : ''}${reason}`, (byReason.get(reason) ?? 0) + 1);
  }
  return [...byReason].sort(([, a], [, b]) => b - a).map(([reason, count]) => pc.dim(`    ${String(count).padStart(6)}  ${reason}`));
}

/**
 * @param {string} label
 * @param {number} count
 * @param {(text: string) => string} colour
 * @param {string} [note]
 */
function row(label, count, colour, note) {
  return `  ${label.padEnd(32)}${colour(String(count).padStart(8))}${note === undefined || count === 0 ? '' : `  ${pc.dim(note)}`}`;
}

/** @param {number | null} value */
function milliseconds(value) {
  return value === null ? '-' : `${value} ms`;
}

/**
 * Where things are and how to use them.
 *
 * @param {Pick<import('./start-stack.mjs').Stack, 'urls'>} stack
 * @param {string} keysFile
 * @returns {string[]}
 */
export function addressLines({ urls }, keysFile) {
  return [
    pc.bold('Addresses'),
    `  REST API       ${pc.cyan(urls.gateway)}`,
    `  its reference  ${pc.cyan(`${urls.gateway}/docs`)}`,
    `  queues         ${pc.cyan(`${urls.console}/queues`)}  ${pc.dim('(any user name; the operator key is the password)')}`,
    `  API keys       ${keysFile}  ${pc.dim('(orders, operator, viewer)')}`,
    '',
    pc.dim('Try it:'),
    `  KEY=$(node -p "require('${keysFile}').orders")`,
    `  curl -s ${urls.gateway}/orders -H "Authorization: Bearer $KEY"`,
  ];
}
