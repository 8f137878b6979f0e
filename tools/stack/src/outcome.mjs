/**
 * What became of a start's orders; the shape of `--json FILE`.
 *
 * @typedef {object} Outcome
 * @property {{ accepted: number, completed: number, compensated: number, cancelled: number, running: number }} orders
 * @property {{ accepted: number, completed: number, compensated: number, running: number }} returns
 * @property {{ rows: number, invoices: number, byReason: Record<string, number> }} rejected
 * @property {number} durationMs from the first request to the last end
 * @property {number} ordersPerSecond orders that ended, by durationMs
 * @property {Percentiles} acceptMs from an order's request to its acceptance
 * @property {Percentiles} completionMs from an order's acceptance to its end
 * @property {{ clean: boolean, discrepancies: unknown[] }} reconciliation
 */
/** @typedef {{ p50: number | null, p99: number | null }} Percentiles null: nothing was measured */

/**
 * @param {readonly number[]} values
 * @returns {Percentiles}
 */
export function percentiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => {
    const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
    return value === undefined ? null : Math.round(value * 10) / 10;
  };
  return { p50: at(0.5), p99: at(0.99) };
}

/**
 * @param {number} count
 * @param {number} durationMs
 */
export function perSecond(count, durationMs) {
  return durationMs <= 0 ? 0 : Math.round((count / durationMs) * 10_000) / 10;
}
