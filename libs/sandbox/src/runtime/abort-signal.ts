type Listener = ((event: AbortEvent) => unknown) | { handleEvent(event: AbortEvent): unknown };

/** What listeners of a signal get. */
interface AbortEvent {
  readonly type: 'abort';
  readonly target: AbortSignal;
}

let constructing = false;

/** Says that something is to be stopped, as in browsers and Node; without their other events. */
export class AbortSignal {
  onabort: ((event: AbortEvent) => unknown) | null = null;
  #aborted = false;
  #reason: unknown;
  #listeners: { listener: Listener; once: boolean }[] = [];

  constructor() {
    if (!constructing) throw new TypeError('Illegal constructor');
  }

  static abort(reason?: unknown): AbortSignal {
    const controller = new AbortController();
    controller.abort(reason);
    return controller.signal;
  }

  /** Aborts with the first of `signals`. */
  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const controller = new AbortController();
    for (const signal of signals) {
      if (signal.aborted) controller.abort(signal.reason);
      else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
    }
    return controller.signal;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  addEventListener(type: string, listener: Listener | null, options?: boolean | { once?: boolean }): void {
    if (type !== 'abort' || listener === null || this.#listeners.some((known) => known.listener === listener)) return;
    this.#listeners.push({ listener, once: typeof options === 'object' && options.once === true });
  }

  removeEventListener(type: string, listener: Listener | null): void {
    if (type === 'abort') this.#listeners = this.#listeners.filter((known) => known.listener !== listener);
  }

  /** For AbortController. */
  static abortOf(signal: AbortSignal, reason: unknown): void {
    if (signal.#aborted) return;
    signal.#aborted = true;
    signal.#reason = reason;
    const event: AbortEvent = { type: 'abort', target: signal };
    signal.onabort?.(event);
    for (const { listener, once } of [...signal.#listeners]) {
      if (once) signal.removeEventListener('abort', listener);
      if (typeof listener === 'function') listener.call(signal, event);
      else listener.handleEvent(event);
    }
  }
}

const abortOf = AbortSignal.abortOf;
// Only the controller may abort: workflow code does not see this.
Reflect.deleteProperty(AbortSignal, 'abortOf');

/** Aborts its signal, as in browsers and Node. */
export class AbortController {
  readonly signal: AbortSignal;

  constructor() {
    constructing = true;
    try {
      this.signal = new AbortSignal();
    } finally {
      constructing = false;
    }
  }

  abort(reason?: unknown): void {
    abortOf(this.signal, reason === undefined ? abortError() : reason);
  }
}

function abortError(): Error {
  const error = new Error('This operation was aborted');
  error.name = 'AbortError';
  return error;
}
