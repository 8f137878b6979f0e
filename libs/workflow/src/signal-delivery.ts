import type { CancellationScope } from './cancellation-scope.js';
import type { MessageHandler } from './message-handler.js';
import { runInScope } from './scope-context.js';

/** Signals that wait for a handler; more than this fail the workflow task. */
const BUFFERED_SIGNALS_MAX = 10_000;

/** Brings the signals of one run to their handlers; those without one wait, in order of arrival, until it is set. */
export class SignalDelivery {
  readonly #rootScope: CancellationScope;
  readonly #onHandlerError: (error: unknown) => void;
  readonly #handlers = new Map<string, MessageHandler>();
  #buffered: Map<string, unknown[][]> | undefined;
  #bufferedCount = 0;

  /**
   * @param rootScope handlers belong to it, whoever sets them
   * @param onHandlerError called with what a handler throws or rejects with, never at once
   */
  constructor(rootScope: CancellationScope, onHandlerError: (error: unknown) => void) {
    this.#rootScope = rootScope;
    this.#onHandlerError = onHandlerError;
  }

  /** Sets the handler and gives it what has waited for it; undefined removes it. */
  setHandler(name: string, handler: MessageHandler | undefined): void {
    if (handler === undefined) {
      this.#handlers.delete(name);
      return;
    }
    this.#handlers.set(name, handler);
    const buffered = this.#buffered?.get(name);
    if (buffered === undefined) return;
    this.#buffered?.delete(name);
    this.#bufferedCount -= buffered.length;
    runInScope(this.#rootScope, () => buffered.forEach((args) => this.deliver(name, args)));
  }

  /** Calls the signal's handler, or keeps the signal for it. To be called in the root scope. @throws RangeError when too many wait */
  deliver(name: string, args: unknown[]): void {
    const handler = this.#handlers.get(name);
    if (handler !== undefined) {
      (async () => handler(...args))().catch(this.#onHandlerError);
      return;
    }
    if (++this.#bufferedCount > BUFFERED_SIGNALS_MAX) {
      throw new RangeError(`More than ${BUFFERED_SIGNALS_MAX} signals wait for a handler; the last one is "${name}".`);
    }
    const bufferedSignals = (this.#buffered ??= new Map());
    const buffered = bufferedSignals.get(name);
    if (buffered === undefined) bufferedSignals.set(name, [args]);
    else buffered.push(args);
  }
}
