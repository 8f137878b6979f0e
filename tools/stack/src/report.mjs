import pc from 'picocolors';
import { TRIAL_ARTICLE } from './sample-orders.mjs';

const LABEL_WIDTH = 36;
const COUNT_WIDTH = 8;
const ADDRESS_WIDTH = 15;
const DISCREPANCIES_SHOWN = 20;

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
    row('compensated', orders.compensated, pc.yellow, 'a step failed, and what had been done was undone'),
    ...reasonRows(samples, 'compensated'),
    row('cancelled', orders.cancelled, pc.yellow),
    row('still running', orders.running, pc.red),
    ...reasonRows(samples, 'failed'),
  ];
  if (returns.accepted > 0) {
    lines.push(pc.bold(`${returns.accepted} returns`), row('completed', returns.completed, pc.green), row('compensated', returns.compensated, pc.yellow), row('still running', returns.running, pc.red));
  }
  if (rejected.rows + rejected.invoices > 0) {
    lines.push(pc.bold(`Rejected: ${rejected.rows} rows, ${rejected.invoices} invoices`));
    for (const [reason, count] of byCount(Object.entries(rejected.byReason))) lines.push(row(reason, count, pc.dim));
  }
  lines.push(pc.dim(`Half were accepted within ${milliseconds(acceptMs.p50)} and ended within ${milliseconds(completionMs.p50)}, 99% within ${milliseconds(acceptMs.p99)} and ${milliseconds(completionMs.p99)}.`));
  lines.push(
    reconciliation.clean
      ? pc.green('The accounts are clean: stock, money and shipments agree with the orders.')
      : pc.red(`The accounts are NOT clean: ${reconciliation.discrepancies.length} discrepancies.`),
  );
  for (const discrepancy of reconciliation.discrepancies.slice(0, DISCREPANCIES_SHOWN)) lines.push(`    ${JSON.stringify(discrepancy)}`);
  return lines;
}

/**
 * Why samples ended in that way, the most frequent reason first.
 * @param {{ status: string, reason?: string }[]} samples
 * @param {string} ending
 */
function reasonRows(samples, ending) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { status, reason } of samples) {
    if (status === ending && reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return byCount([...counts]).map(([reason, count]) => pc.dim(plainRow(`  ${reason}`, count)));
}

/**
 * @param {[string, number][]} counts
 */
function byCount(counts) {
  return counts.sort(([, a], [, b]) => b - a);
}

/**
 * @param {string} label
 * @param {number} count
 * @param {(text: string) => string} colour of a number that is not 0
 * @param {string} [note]
 */
function row(label, count, colour, note) {
  if (count === 0) return pc.dim(plainRow(label, count));
  return `${plainRow(label, count, colour)}${note === undefined ? '' : `  ${pc.dim(note)}`}`;
}

/**
 * @param {string} label
 * @param {number} count
 * @param {(text: string) => string} [colour]
 */
function plainRow(label, count, colour = (text) => text) {
  return `  ${label.padEnd(LABEL_WIDTH)}${colour(count.toLocaleString('en').padStart(COUNT_WIDTH))}`;
}

/** @param {number | null} value */
function milliseconds(value) {
  return value === null ? '-' : `${Math.round(value).toLocaleString('en')} ms`;
}

/**
 * Where things are and how to use them.
 *
 * @param {Pick<import('./start-stack.mjs').Stack, 'urls'>} stack
 * @param {string} keysFile absolute, so that what is shown can be pasted in any terminal
 * @param {{ samplesAreOnStock: boolean }} options
 * @returns {string[]}
 */
export function addressLines({ urls }, keysFile, { samplesAreOnStock }) {
  const key = (/** @type {string} */ role) => `node -p 'require(${JSON.stringify(keysFile).replaceAll("'", "'\\''")}).${role}'`;
  return [
    pc.bold('Addresses'),
    address('REST API', urls.gateway),
    address('its reference', `${urls.gateway}/docs`),
    address('console', urls.console),
    address('queues', `${urls.console}/queues`),
    '',
    pc.bold('The console takes any user name, and as password the operator key, which this prints:'),
    `  ${key('operator')}`,
    '',
    pc.bold(samplesAreOnStock ? 'Place an order and see what becomes of it, in another terminal:' : 'See what became of an order, in another terminal:'),
    // The operator sees all orders, a key of the role "orders" its own.
    `  KEY=$(${key(samplesAreOnStock ? 'orders' : 'operator')})`,
    ...(samplesAreOnStock ? trialOrder(urls.gateway) : []),
    `  curl '${urls.gateway}/orders?pageSize=1' -H "Authorization: Bearer $KEY"`,
  ];
}

/** @param {string} gatewayUrl */
function trialOrder(gatewayUrl) {
  const { sku, unitPriceMinor } = TRIAL_ARTICLE;
  const order = { currency: 'GBP', paymentToken: 'tok_visa', shippingAddress: { country: 'France' }, lines: [{ sku, quantity: 2, unitPriceMinor }] };
  return [`  curl ${gatewayUrl}/orders -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\`, `    -d '${JSON.stringify(order)}'`];
}

/**
 * @param {string} label
 * @param {string} url
 */
function address(label, url) {
  return `  ${label.padEnd(ADDRESS_WIDTH)}${pc.cyan(url)}`;
}
