import { StripeApiError } from './stripe-api-error.js';

/** An answer as it was given, to be given again. */
export interface StoredAnswer {
  status: number;
  /** JSON text. */
  body: string;
}

interface KeyRecord {
  /** Path and fields of the request that used the key first. */
  request: string;
  storedAtMs: number;
  /** Absent while that request is still at work. */
  answer?: StoredAnswer;
}

/** How long Stripe remembers a key: 24 hours. */
export const KEY_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** A simulator remembers this many keys; the oldest go first. */
const KEYS_MAX = 200_000;

/**
 * Stripe's idempotency keys: the first request with a key is carried out and its answer kept, be it a success, a refusal or a 500;
 * the same request again gets the same answer; another request under the same key is an error. What never began (429, invalid
 * parameters) is not kept. Keys are forgotten after 24 hours, or on demand.
 */
export class IdempotencyKeys {
  readonly #records = new Map<string, KeyRecord>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /**
   * What was answered to this request before.
   * @returns undefined if the key is new
   * @throws StripeApiError `idempotency_error` (400) for another request under the key, 409 while the first is still at work
   */
  storedAnswer(key: string, request: string): StoredAnswer | undefined {
    const record = this.#records.get(key);
    if (record === undefined) return undefined;
    if (this.#nowMs() - record.storedAtMs > KEY_LIFETIME_MS) {
      this.#records.delete(key);
      return undefined;
    }
    if (record.request !== request) {
      throw new StripeApiError(
        400,
        'idempotency_error',
        'Keys for idempotent requests can only be used with the same parameters they were first used with.',
      );
    }
    if (record.answer === undefined) {
      throw new StripeApiError(409, 'idempotency_error', 'There is currently another in-progress request using this key.', {
        code: 'idempotency_key_in_use',
      });
    }
    return record.answer;
  }

  /** The key is taken by a request that is at work. */
  begin(key: string, request: string): void {
    this.#put(key, { request, storedAtMs: this.#nowMs() });
  }

  /** The request ended without having begun: the key is free again. */
  release(key: string): void {
    this.#records.delete(key);
  }

  store(key: string, request: string, answer: StoredAnswer, storedAtMs: number = this.#nowMs()): void {
    this.#put(key, { request, storedAtMs, answer });
  }

  /** Forgets one key, or all, as Stripe does after 24 hours: not those whose request is still at work, since no request takes that long. */
  forget(key?: string): void {
    for (const each of key === undefined ? [...this.#records.keys()] : [key]) {
      if (this.#records.get(each)?.answer !== undefined) this.#records.delete(each);
    }
  }

  /** The keys with an answer that are still alive. */
  *contents(): Generator<{ key: string; request: string; storedAtMs: number; answer: StoredAnswer }> {
    for (const [key, { request, storedAtMs, answer }] of this.#records) {
      if (answer !== undefined && this.#nowMs() - storedAtMs <= KEY_LIFETIME_MS) yield { key, request, storedAtMs, answer };
    }
  }

  #put(key: string, record: KeyRecord): void {
    this.#records.delete(key);
    this.#records.set(key, record);
    if (this.#records.size <= KEYS_MAX) return;
    const oldest = this.#records.keys().next();
    if (oldest.done !== true) this.#records.delete(oldest.value);
  }
}
