export interface ConcurrencyLimitOptions {
  /** Calls under way at once. */
  activeMax: number;
  /** Calls that wait for their turn. */
  waitingMax: number;
  /** How long one waits at most. Default 1,000. */
  waitMaxMs?: number;
}

/** As many calls at once as are allowed, and as many more that wait for their turn, for a while; whatever comes beyond is refused at once. */
export class ConcurrencyLimit {
  readonly #options: Required<ConcurrencyLimitOptions>;
  /** Each is told whether its turn has come; in order of arrival. */
  readonly #waiting = new Set<(isMyTurn: boolean) => void>();
  #active = 0;

  constructor(options: ConcurrencyLimitOptions) {
    this.#options = { waitMaxMs: 1_000, ...options };
  }

  get isFull(): boolean {
    return this.#active >= this.#options.activeMax && this.#waiting.size >= this.#options.waitingMax;
  }

  /** @throws what `refuse` makes, if there is no room to wait, or the turn has not come in time */
  async run<T>(work: () => Promise<T>, refuse: () => Error): Promise<T> {
    if (this.#active < this.#options.activeMax) this.#active += 1;
    else if (this.isFull || !(await this.#turn())) throw refuse();
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  #turn(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => waiter(false), this.#options.waitMaxMs);
      const waiter = (isMyTurn: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
        resolve(isMyTurn);
      };
      this.#waiting.add(waiter);
    });
  }

  /** Whoever goes on gets the place that came free, so that nobody comes in between. */
  #next(): void {
    const [waiter] = this.#waiting;
    if (waiter === undefined) this.#active -= 1;
    else waiter(true);
  }
}
