import { createHash } from 'node:crypto';

/**
 * What can go wrong with a request that changes something.
 *
 * | fault | effect happens | the key keeps | the caller sees |
 * |---|---|---|---|
 * | `rate_limit` | no | nothing | 429 |
 * | `error_before` | no | a 500 | 500 |
 * | `error_after` | yes | a 500 | 500 |
 * | `hang_before` | no | nothing | no answer, then a closed connection |
 * | `hang_after` | yes | the answer | no answer, then a closed connection |
 * | `drop_after` | yes | the answer | a closed connection at once |
 * | `late` | yes, but later | the answer, once it is there; 409 until then | no answer, then a closed connection |
 * | `decline` | no (confirmations only) | the refusal | 402 |
 */
export type Fault = 'rate_limit' | 'error_before' | 'error_after' | 'hang_before' | 'hang_after' | 'drop_after' | 'late' | 'decline';

export const FAULTS: readonly Fault[] = ['rate_limit', 'error_before', 'error_after', 'hang_before', 'hang_after', 'drop_after', 'late', 'decline'];

/**
 * Draws faults at a rate, from a seed. A draw depends on the seed and on what is drawn for (`label`), not on the order in which
 * requests arrive, so that a run with the same seed and the same keys meets the same faults under any concurrency.
 */
export class FaultPlan {
  /**
   * @param rate share of requests that meet a fault, 0 to 1
   * @param seed what the draws are made from
   * @param kinds which faults may be drawn; all alike likely
   */
  constructor(
    readonly rate: number,
    readonly seed: string,
    readonly kinds: readonly Fault[] = FAULTS,
  ) {
    if (!(rate >= 0 && rate <= 1)) throw new RangeError(`A fault rate lies between 0 and 1, not at ${rate}.`);
  }

  /** The fault for the request that `label` names, if it meets one. */
  draw(label: string): Fault | undefined {
    if (this.rate === 0 || this.kinds.length === 0) return undefined;
    const digest = createHash('sha256').update(`${this.seed}\n${label}`).digest();
    if (digest.readUInt32BE(0) / 2 ** 32 >= this.rate) return undefined;
    return this.kinds[digest.readUInt32BE(4) % this.kinds.length];
  }
}
