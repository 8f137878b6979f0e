import { captureContext, contextWithValue, enterContext, runInContext, valueOf } from './scope-context.js';

/**
 * Keeps a value along the way of asynchronous code, as Node's class of that name does; on the same mechanism that carries cancellation scopes, so no
 * function of the host is needed. What differs: `enterWith` holds until the running callback, or the next `await`, ends.
 */
export class AsyncLocalStorage<Store> {
  /** Wraps `fn` so that it always runs with what is along the way now. */
  static bind<Args extends unknown[], Result>(fn: (...args: Args) => Result): (...args: Args) => Result {
    const context = captureContext();
    return (...args) => runInContext(context, () => fn(...args));
  }

  /** A function that runs others with what is along the way now. */
  static snapshot(): <Args extends unknown[], Result>(fn: (...args: Args) => Result, ...args: Args) => Result {
    const context = captureContext();
    return (fn, ...args) => runInContext(context, () => fn(...args));
  }

  /** Runs `fn`, and all that it starts, with `store`. */
  run<Args extends unknown[], Result>(store: Store, fn: (...args: Args) => Result, ...args: Args): Result {
    return runInContext(contextWithValue(this, store), () => fn(...args));
  }

  /** Runs `fn`, and all that it starts, without a store. */
  exit<Args extends unknown[], Result>(fn: (...args: Args) => Result, ...args: Args): Result {
    return runInContext(contextWithValue(this, undefined), () => fn(...args));
  }

  getStore(): Store | undefined {
    return valueOf(this) as Store | undefined;
  }

  enterWith(store: Store): void {
    enterContext(contextWithValue(this, store));
  }

  /** Forgets the store for the running code. */
  disable(): void {
    enterContext(contextWithValue(this, undefined));
  }
}
