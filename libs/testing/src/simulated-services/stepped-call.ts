/** Where a call rests. */
export interface Stop {
  /** Short and stable, in kebab-case. */
  point: string;
  /** For a reader: completes "the worker dies …". */
  pointText: string;
  /** It sleeps until then. */
  wakeAtMs?: number;
}

/** So many turns of the microtask queue are given to what was let go beside others that rest. */
const TURNS = 20;

/** A call of a handler that rests wherever it awaits `rest`, until it is let go on. One that never is keeps nothing alive. */
export class SteppedCall {
  readonly #resting: { stop: Stop; letGo: () => void }[] = [];
  #isStarted = false;
  #settled: { value: unknown } | { error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(private readonly call: () => unknown) {}

  get isSettled(): boolean {
    return this.#settled !== undefined;
  }

  /** Where it rests now. */
  get stop(): Stop | undefined {
    return this.#resting[0]?.stop;
  }

  /** What the call returned. @throws what it threw */
  get value(): unknown {
    if (this.#settled === undefined) throw new Error('The call has not ended.');
    if ('error' in this.#settled) throw this.#settled.error;
    return this.#settled.value;
  }

  /** Awaited by the handler. */
  rest(stop: Stop): Promise<void> {
    return new Promise((letGo) => {
      this.#resting.push({ stop, letGo });
      this.#wake();
    });
  }

  /** Lets it go on to where it rests next. Undefined: it has ended. */
  async advance(): Promise<Stop | undefined> {
    const moved = new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#isStarted) this.#resting.shift()?.letGo();
    else this.#start();
    if (this.#resting.length > 0) for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
    else if (this.#settled === undefined) await moved;
    return this.stop;
  }

  #start(): void {
    this.#isStarted = true;
    const settle = (settled: { value: unknown } | { error: unknown }): void => {
      this.#settled = settled;
      this.#wake();
    };
    try {
      const returned = this.call();
      if (returned instanceof Promise) {
        returned.then(
          (value: unknown) => settle({ value }),
          (error: unknown) => settle({ error }),
        );
      } else {
        settle({ value: returned });
      }
    } catch (error) {
      settle({ error });
    }
  }
}
