import vm from 'node:vm';

/** How long one time limit serves batch after batch. */
export const WINDOW_MS = 100;

/** The name under which the window's script finds what to call; in the thread's own realm, not in the one of workflow code. */
const SERVE = '__backstitchServe';

/**
 * One time limit for many batches. node:vm starts a thread for each time limit, which costs more than most batches; so a window of time is opened when a
 * message comes, and all that comes before it closes is served within it.
 *
 * Guarantee: `serve` is stopped, wherever it is, no earlier than `timeoutMs` after the last moment at which it may begin something, and no
 * later than WINDOW_MS after that.
 */
export class ServingWindow {
  readonly #script = new vm.Script(`${SERVE}()`, { filename: 'backstitch-window.js' });
  #endsAtMs = 0;

  /**
   * @param timeoutMs what is begun in the window may take this long at least
   * @param serve called once per window; must return soon after {@link remainingMs} has come to 0
   */
  constructor(readonly timeoutMs: number, serve: () => void) {
    Object.defineProperty(globalThis, SERVE, { value: serve });
  }

  /** How long something may still be begun. */
  get remainingMs(): number {
    return this.#endsAtMs - performance.now();
  }

  /** Opens a window. Answers whether it closed by itself; false: `serve` was stopped. */
  open(): boolean {
    this.#endsAtMs = performance.now() + WINDOW_MS;
    try {
      this.#script.runInThisContext({ timeout: WINDOW_MS + this.timeoutMs, displayErrors: false });
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      return false;
    }
  }
}
