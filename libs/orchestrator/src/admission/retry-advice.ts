const ADVICE_MIN_MS = 1_000;
const ADVICE_MAX_MS = 20_000;
/** Room that must have come for a caller that waited. */
const ROOM_SHARE = 0.1;
/** The pace is that of the last so many milliseconds or more. */
const WINDOW_MS = 2_000;
/** A pace that was not looked at for so long is no pace of the last seconds. */
const STALE_MS = 10_000;

/**
 * When a refused caller should come again: after as long as it takes, at the pace of the last seconds, until a tenth of the limit is free; from a second to
 * twenty, and half of it random, so that those who were refused together do not come back together.
 */
export class RetryAdvice {
  readonly #nowMs: () => number;
  readonly #random: () => number;
  #sinceMs: number;
  #sinceAnswered = 0;
  #answeredPerSecond: number | undefined;

  constructor(nowMs: () => number, random: () => number) {
    this.#nowMs = nowMs;
    this.#random = random;
    this.#sinceMs = nowMs();
  }

  /** @param answered a count that only grows */
  retryAfterMs(answered: number, limit: number): number {
    const elapsedMs = this.#nowMs() - this.#sinceMs;
    if (elapsedMs >= WINDOW_MS) {
      this.#answeredPerSecond = elapsedMs > STALE_MS ? undefined : ((answered - this.#sinceAnswered) * 1_000) / elapsedMs;
      this.#sinceMs = this.#nowMs();
      this.#sinceAnswered = answered;
    }
    const drainMs = this.#answeredPerSecond === undefined ? 0 : (limit * ROOM_SHARE * 1_000) / Math.max(this.#answeredPerSecond, 1e-3);
    const adviceMs = Math.min(ADVICE_MAX_MS, Math.max(ADVICE_MIN_MS, drainMs));
    return Math.round(adviceMs * (0.5 + this.#random()));
  }
}
