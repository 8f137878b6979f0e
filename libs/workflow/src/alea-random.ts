import { sipHash13 } from './siphash.js';
import { encodeUtf8 } from '@backstitch/protocol/payloads';
import type { RandomSource } from './random-source.js';

const UNIT = 2 ** -32;

/**
 * The generator Alea of Johannes Baagøe: what Temporal's runtime draws from. The same seed bytes give the same numbers, on every machine, for ever.
 *
 * Three fractions of 32 bits and a carry; multiply with carry, one fraction at a time. The seed is mixed into each fraction by a hash whose state goes on
 * from one to the next.
 */
export class AleaRandom implements RandomSource {
  #oldest: number;
  #middle: number;
  #newest: number;
  #carry = 1;

  constructor(seed: readonly number[]) {
    const mash = createMash();
    const initial = [mash([32]), mash([32]), mash([32])] as const;
    const [oldest, middle, newest] = initial.map((fraction) => {
      const mixed = fraction - mash(seed);
      return mixed < 0 ? mixed + 1 : mixed;
    }) as [number, number, number];
    this.#oldest = oldest;
    this.#middle = middle;
    this.#newest = newest;
  }

  next(): number {
    const product = 2_091_639 * this.#oldest + this.#carry * UNIT;
    this.#oldest = this.#middle;
    this.#middle = this.#newest;
    this.#carry = Math.trunc(product);
    this.#newest = product - this.#carry;
    return this.#newest;
  }
}

/** Baagøe's hash: each call takes bytes and gives a fraction, and goes on where the one before ended. */
function createMash(): (bytes: readonly number[]) => number {
  let state = 0xefc8249d;
  return (bytes) => {
    for (const byte of bytes) {
      state += byte;
      let product = 0.02519603282416938 * state;
      state = product >>> 0;
      product -= state;
      product *= state;
      state = product >>> 0;
      product -= state;
      state += product * 0x100000000;
    }
    return (state >>> 0) * UNIT;
  };
}

/** The seed bytes of a run, as Temporal's core makes them of the id of the first run: its hash, with the byte that ends a text. */
export function seedBytesOfRun(runId: string): number[] {
  const text = encodeUtf8(runId);
  const ended = new Uint8Array(text.length + 1);
  ended.set(text);
  ended[text.length] = 0xff;
  return sipHash13(ended);
}

const STREAM_PREFIX = 'temporal-workflow-random-stream-v1';

/** The seed bytes of a named stream of a run. */
export function seedBytesOfStream(seed: readonly number[], name: string): number[] {
  const nameBytes = [...encodeUtf8(name)];
  return [...encodeUtf8(STREAM_PREFIX), ...uint32(seed.length), ...seed, ...uint32(nameBytes.length), ...nameBytes];
}

function uint32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
