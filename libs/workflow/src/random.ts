import type { RandomSource } from './random-source.js';

/**
 * The randomness of runs of runtime version 1; later ones draw from AleaRandom. The same seed gives the same numbers, on every machine, for ever. Changing anything here changes what replays produce.
 *
 * The generator is sfc32 (C. Doty-Humphrey, public domain): 96 bits of state and a counter. The state is the seed's text hashed four times
 * with FNV-1a (32 bit) from different offsets, finished with the multiply-and-shift mixer of MurmurHash3, then 12 numbers are thrown away.
 */
export class SeededRandom implements RandomSource {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(seed: string) {
    this.#a = hash(seed, 0x811c9dc5);
    this.#b = hash(seed, 0x9e3779b9);
    this.#c = hash(seed, 0x85ebca6b);
    this.#counter = hash(seed, 0xc2b2ae35);
    for (let skipped = 0; skipped < 12; skipped++) this.nextUint32();
  }

  /** A whole number from 0 to 2^32 − 1. */
  nextUint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A number in [0, 1) with 53 bits, like Math.random(). */
  next(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  /** A random UUID (version 4). */
  uuid4(): string {
    const words = [this.nextUint32(), this.nextUint32(), this.nextUint32(), this.nextUint32()];
    const hex = words.map((word) => word.toString(16).padStart(8, '0')).join('');
    const variant = ((parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

function hash(text: string, offset: number): number {
  let value = offset;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
