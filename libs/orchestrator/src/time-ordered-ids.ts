import { randomBytes } from 'node:crypto';
import type { Clock, Ids } from '@backstitch/engine';

/** Run ids as UUIDs of version 7 (RFC 9562): the time in front, 74 random bits behind. */
export class TimeOrderedIds implements Ids {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  runId(): string {
    const bytes = randomBytes(16);
    bytes.writeUIntBE(this.#clock.now(), 0, 6);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    const hex = bytes.toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  random(): number {
    return Math.random();
  }
}
