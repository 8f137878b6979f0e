import type { Clock } from '@backstitch/engine';

/** A clock that stands still until it is told to move. */
export class ManualClock implements Clock {
  #nowMs: number;

  /** @param nowMs where it starts; default 2026-01-01T00:00:00Z */
  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  /** Moves on by so many milliseconds. */
  advance(durationMs: number): void {
    this.#nowMs += durationMs;
  }

  /** Moves to that time; a time in the past is an error of the test. */
  advanceTo(timeMs: number): void {
    if (timeMs < this.#nowMs) {
      throw new RangeError(`A clock does not go back: it is ${this.#nowMs}, and ${timeMs} was asked for.`);
    }
    this.#nowMs = timeMs;
  }
}
