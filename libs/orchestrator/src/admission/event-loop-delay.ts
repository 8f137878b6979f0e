import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The histogram samples so often; Node counts its own interval into each sample. */
const RESOLUTION_MS = 20;

/** How late this process' event loop is, as the mean of the last window. */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  #delayMs = 0;

  constructor(windowMs: number) {
    this.#histogram.enable();
    this.#timer = setInterval(() => this.#read(), windowMs);
    this.#timer.unref();
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #read(): void {
    const meanMs = this.#histogram.mean / 1e6;
    // No sample in a whole window, since the loop stood still, is not a number.
    this.#delayMs = Number.isFinite(meanMs) ? Math.max(0, meanMs - RESOLUTION_MS) : this.#delayMs;
    this.#histogram.reset();
  }
}
