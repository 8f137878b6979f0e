import ms, { type StringValue } from 'ms';

export type { StringValue } from 'ms';

/** Milliseconds as a number, or text such as `'1 minute'`, `'90s'`, `'2 days'`. */
export type Duration = StringValue | number;

/**
 * A duration in whole milliseconds.
 * @param what names the option in the error
 * @throws TypeError for text that is no duration, a negative number, NaN or Infinity
 */
export function durationToMs(duration: Duration, what: string): number {
  const value: unknown = typeof duration === 'string' ? ms(duration) : duration;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new TypeError(`${what} must be a duration such as 30000 or '30 seconds', not ${JSON.stringify(duration) ?? String(duration)}.`);
  }
  return Math.ceil(value);
}

/** The duration of a pause in whole milliseconds, at least 1: what is zero or negative is 1, as in Temporal. @throws TypeError for text that is no duration, NaN or Infinity */
export function pauseToMs(duration: Duration, what: string): number {
  const value: unknown = typeof duration === 'string' ? ms(duration) : duration;
  return typeof value === 'number' && value < 1 ? 1 : durationToMs(duration, what);
}
