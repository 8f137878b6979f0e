import { randomFillSync } from 'node:crypto';
import type { Clock, Ids } from '@backstitch/engine';

const UUID_BYTES = 16;
const RANDOM_BYTES = 256 * UUID_BYTES;

/** Run ids as UUIDs of version 7 (RFC 9562): the time in front, 74 random bits behind. */
export class TimeOrderedIds implements Ids {
  readonly #clock: Clock;
  // Asking the system for random bytes costs 5 µs, however few they are.
  readonly #random = Buffer.alloc(RANDOM_BYTES);
  #randomUsed = RANDOM_BYTES;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  runId(): string {
    if (this.#randomUsed === RANDOM_BYTES) {
      randomFillSync(this.#random);
      this.#randomUsed = 0;
    }
    const start = this.#randomUsed;
    this.#randomUsed += UUID_BYTES;
    const bytes = this.#random;
    bytes.writeUIntBE(this.#clock.now(), start, 6);
    bytes.writeUInt8((bytes.readUInt8(start + 6) & 0x0f) | 0x70, start + 6);
    bytes.writeUInt8((bytes.readUInt8(start + 8) & 0x3f) | 0x80, start + 8);
    const hex = bytes.toString('hex', start, start + UUID_BYTES);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  random(): number {
    return Math.random();
  }
}
