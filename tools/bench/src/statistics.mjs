/**
 * The middle one, or the mean of the two in the middle.
 * @param {readonly number[]} values at least one
 */
export function median(values) {
  if (values.length === 0) throw new RangeError('There is no median of nothing.');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = /** @type {number} */ (sorted[middle]);
  return sorted.length % 2 === 1 ? upper : (/** @type {number} */ (sorted[middle - 1]) + upper) / 2;
}

/** @param {readonly number[]} values at least one */
export function mean(values) {
  if (values.length === 0) throw new RangeError('There is no mean of nothing.');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The smallest value that at least `share` of all values do not exceed (nearest rank).
 * @param {readonly number[]} values at least one
 * @param {number} share above 0, at most 1
 */
export function percentile(values, share) {
  if (values.length === 0) throw new RangeError('There is no percentile of nothing.');
  if (!(share > 0 && share <= 1)) throw new RangeError('A share is above 0 and at most 1.');
  const sorted = values.toSorted((a, b) => a - b);
  return /** @type {number} */ (sorted[Math.ceil(share * sorted.length) - 1]);
}

/**
 * @param {number} value
 * @param {number} digits after the point
 */
export function rounded(value, digits) {
  return Number(value.toFixed(digits));
}
