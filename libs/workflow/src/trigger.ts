import { scopeFor } from './current-run.js';

/** A promise that is settled from outside, by its `resolve` and `reject`; rejected when its scope is cancelled. */
export class Trigger<T> implements PromiseLike<T> {
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason?: unknown) => void;
  readonly #promise: Promise<T>;

  constructor() {
    const scope = scopeFor('Trigger');
    let settle: Pick<Trigger<T>, 'resolve' | 'reject'> | undefined;
    this.#promise = new Promise((resolve, reject) => {
      if (scope.cancellable) scope.onRequest(reject);
      settle = { resolve, reject };
    });
    this.#promise.catch(() => undefined);
    ({ resolve: this.resolve, reject: this.reject } = settle as Pick<Trigger<T>, 'resolve' | 'reject'>);
  }

  then<Fulfilled = T, Rejected = never>(
    onFulfilled?: ((value: T) => Fulfilled | PromiseLike<Fulfilled>) | null,
    // As a promise has it.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    onRejected?: ((reason: any) => Rejected | PromiseLike<Rejected>) | null,
  ): PromiseLike<Fulfilled | Rejected> {
    return this.#promise.then(onFulfilled, onRejected);
  }
}
