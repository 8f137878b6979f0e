import type { Ids } from '@backstitch/engine';

/** Ids and random numbers that a seed fixes: the same seed gives the same test. Run ids are UUIDs in form, in ascending order. */
export class SeededIds implements Ids {
  #state: number;
  #runs = 0;

  constructor(readonly seed = 1) {
    this.#state = seed >>> 0;
  }

  runId(): string {
    this.#runs += 1;
    const seed = (this.seed >>> 0).toString(16).padStart(8, '0');
    return `${seed}-0000-7000-8000-${this.#runs.toString(16).padStart(12, '0')}`;
  }

  /** The generator mulberry32: small, fast, good enough for jitter. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}
