import type { Reply } from './messages/run-message.js';

/** The answer to many messages at once: there when all of them are answered, the first error if there was one. */
export class SharedReply {
  #open = 0;
  #failure: { error: unknown } | undefined;
  #settled: (() => void) | undefined;

  /** What one more message is answered by. */
  share(): Reply<void> {
    this.#open += 1;
    return new Share(this);
  }

  /** A share was answered. */
  answered(failure: { error: unknown } | undefined): void {
    this.#failure ??= failure;
    this.#open -= 1;
    if (this.#open === 0) {
      this.#settled?.();
    }
  }

  /** To be called once, when no more is shared. */
  async all(): Promise<void> {
    if (this.#open > 0) {
      await new Promise<void>((resolve) => (this.#settled = resolve));
    }
    if (this.#failure !== undefined) {
      throw this.#failure.error;
    }
  }
}

/** As with a promise, the first answer counts. */
class Share implements Reply<void> {
  #whole: SharedReply | undefined;

  constructor(whole: SharedReply) {
    this.#whole = whole;
  }

  resolve(): void {
    this.#answer(undefined);
  }

  reject(error: unknown): void {
    this.#answer({ error });
  }

  #answer(failure: { error: unknown } | undefined): void {
    const whole = this.#whole;
    this.#whole = undefined;
    whole?.answered(failure);
  }
}
