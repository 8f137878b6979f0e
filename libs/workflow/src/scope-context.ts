import type { CancellationScope } from './cancellation-scope.js';
import { IllegalStateError } from './illegal-state-error.js';
import { settledBy, type Settler } from './settled-by.js';

/** What running code belongs to: a cancellation scope, and what AsyncLocalStorage has put along the way. A scope with nothing along the way is its own context. */
export interface ScopeContext {
  readonly scope: CancellationScope;
  /** By storage. Never changed: each `run` makes its own. */
  readonly values: ReadonlyMap<object, unknown> | undefined;
}

/** A scope with values along the way. */
class ContextWithValues implements ScopeContext {
  constructor(
    readonly scope: CancellationScope,
    readonly values: ReadonlyMap<object, unknown>,
  ) {}
}

/**
 * Which cancellation scope, and with it which run, the code that is running now belongs to.
 *
 * Workflow code is compiled so that every `await` goes through `Promise.prototype.then`; the `then` installed here remembers the scope of the
 * caller and puts it back around the callbacks. So the scope is known after an `await` too, with no function of the host in the sandbox.
 * Only the `then` method of a home-made thenable is called by the language itself without a scope.
 */
let current: ScopeContext | undefined;

/** The scope of the code that is running, if it belongs to one. */
export function scopeOrUndefined(): CancellationScope | undefined {
  return current?.scope;
}

/** The scope of the code that is running. @throws IllegalStateError where there is none */
export function currentScope(): CancellationScope {
  if (current === undefined) {
    throw new IllegalStateError('This code runs outside of any workflow: while a shared module loads, or in the then() of an object that is no Promise.');
  }
  return current.scope;
}

/** Calls `callback` with `scope` as the current one. */
export function runInScope<Result>(scope: CancellationScope | undefined, callback: () => Result): Result {
  const previous = current;
  current = scope;
  try {
    return callback();
  } finally {
    current = previous;
  }
}

/** {@link runInScope} without a function made for it. To be followed, whatever happens, by {@link leaveScope} with what it answers. */
export function enterScope(scope: CancellationScope): ScopeContext | undefined {
  const previous = current;
  current = scope;
  return previous;
}

/** Ends what {@link enterScope} has begun. */
export function leaveScope(previous: ScopeContext | undefined): void {
  current = previous;
}

/** Calls `callback` with `scope` as the current one, and the caller's values along. */
export function runInNestedScope<Result>(scope: CancellationScope, callback: () => Result): Result {
  const values = current?.values;
  return runInContext(values === undefined ? scope : new ContextWithValues(scope, values), callback);
}

/** Calls `callback` in a context that was captured before. */
export function runInContext<Result>(context: ScopeContext | undefined, callback: () => Result): Result {
  const previous = current;
  current = context;
  try {
    return callback();
  } finally {
    current = previous;
  }
}

/** The context of the code that is running. */
export function captureContext(): ScopeContext | undefined {
  return current;
}

/** The value that is along the way for `storage`. */
export function valueOf(storage: object): unknown {
  return current?.values?.get(storage);
}

/** The running context with a value for `storage`, or without one. @throws IllegalStateError outside of any workflow */
export function contextWithValue(storage: object, value: unknown): ScopeContext {
  const scope = currentScope();
  const values = new Map(current?.values);
  if (value === undefined) values.delete(storage);
  else values.set(storage, value);
  return values.size === 0 ? scope : new ContextWithValues(scope, values);
}

/** From here on, until the running callback returns, this is the context. */
export function enterContext(context: ScopeContext): void {
  current = context;
}

/** One for all: nothing of whoever awaits it stays with it. */
const SETTLED = Promise.resolve();

/** Calls `callback` as the next microtask that is put in line. It must not throw. */
export function soon(callback: () => void): void {
  void nativeThen(SETTLED, callback, undefined);
}

/** Calls one of them, which must not throw, when the promise is settled: as its `then`, but in no scope. */
export function whenSettled(promise: Promise<unknown>, onFulfilled: (value: unknown) => void, onRejected: (reason: unknown) => void): void {
  void nativeThen(promise, onFulfilled, onRejected);
}

/** The same outcome, a microtask later. */
export function passOn<Result>(promise: Promise<Result>): Promise<Result> {
  return nativeThen(promise, undefined, undefined) as Promise<Result>;
}

/** After code was stopped by force no `finally` has run: forget the scope that it left. */
export function resetScope(): void {
  current = undefined;
}

/** How {@link installScopePropagation} treats rejections that nobody awaits. */
export interface ScopePropagationOptions {
  /**
   * Marks every promise as handled, so that the host hears of no unhandled rejection: a workflow may well await in a later activation what
   * fails in this one. Costs a second promise for each; not needed where the host ignores them.
   */
  handleRejections: boolean;
}

// A detached call of the native method, immune to whatever is installed later.
let nativeThen: NativeThen = Function.prototype.call.bind(Promise.prototype.then) as NativeThen;

/** Makes the promises of this realm carry the current scope. Called once in a sandbox's context, before its intrinsics are frozen. */
export function installScopePropagation(realm: typeof globalThis, { handleRejections }: ScopePropagationOptions): void {
  const NativePromise = realm.Promise;
  if (handleRejections) {
    const bareThen = nativeThen;
    nativeThen = (promise, onFulfilled, onRejected) => {
      const derived = bareThen(promise, onFulfilled, onRejected);
      void bareThen(derived, undefined, ignore);
      return derived;
    };
  }

  function inScope(scope: ScopeContext | undefined, callback: Callback): Callback {
    if (typeof callback !== 'function') return callback;
    return (value) => {
      const previous = current;
      current = scope;
      try {
        return callback(value);
      } finally {
        current = previous;
      }
    };
  }

  const then = {
    then(this: unknown, onFulfilled: Callback, onRejected: Callback): Promise<unknown> {
      const scope = current;
      return nativeThen(this, inScope(scope, onFulfilled), inScope(scope, onRejected));
    },
  }.then;
  Reflect.defineProperty(NativePromise.prototype, 'then', { value: then, writable: true, enumerable: false, configurable: true });
  if (handleRejections) installHandledPromise(realm);
}

/**
 * An async function, of which the compiler has made a generator: in place of the compiler's own helper, with the same number of microtasks. The
 * scope is the same in the whole of one call, so it is remembered once, not at each `await`.
 */
export const runAsync: RunAsync = (thisArgument, args, body) => {
  // Every suspended run holds such calls: what a call needs when it goes on is as little as can be.
  const scope = current;
  const promise = settledBy(taken);
  const { resolve, reject } = taken;
  taken.resolve = taken.reject = ignore;
  try {
    const generator = Reflect.apply(body, thisArgument, args ?? NO_ARGUMENTS) as Generator<unknown, unknown>;
    const first = generator.next();
    if (first.done === true) {
      resolve(first.value);
      return promise;
    }
    const onFulfilled = (value: unknown): void => {
      const previous = current;
      current = scope;
      try {
        follow(generator.next(value), resolve, onFulfilled, onRejected);
      } catch (error) {
        reject(error);
      } finally {
        current = previous;
      }
    };
    const onRejected = (reason: unknown): void => {
      const previous = current;
      current = scope;
      try {
        follow(generator.throw(reason), resolve, onFulfilled, onRejected);
      } catch (error) {
        reject(error);
      } finally {
        current = previous;
      }
    };
    void nativeThen(Promise.resolve(first.value), onFulfilled, onRejected);
  } catch (error) {
    reject(error);
  }
  return promise;
};

const NO_ARGUMENTS: readonly never[] = [];
/** Holds what settles a promise until it is taken. */
const taken: Settler = { resolve: ignore, reject: ignore };

/** What an async function does next: it has ended, or waits. */
function follow({ done, value }: IteratorResult<unknown, unknown>, resolve: (value: unknown) => void, onFulfilled: Callback, onRejected: Callback): void {
  if (done === true) resolve(value);
  else void nativeThen(Promise.resolve(value), onFulfilled, onRejected);
}

type RunAsync = (thisArgument: unknown, args: ArrayLike<unknown> | null, body: (...args: never[]) => Generator<unknown, unknown>) => Promise<unknown>;

type Callback = ((value: unknown) => unknown) | null | undefined;
type NativeThen = (promise: unknown, onFulfilled: Callback, onRejected: Callback) => Promise<unknown>;

/** Replaces a realm's Promise by one whose promises are marked as handled from the start. */
function installHandledPromise(realm: typeof globalThis): void {
  const NativePromise = realm.Promise;
  const HandledPromise = function Promise(this: unknown, executor: never): unknown {
    if (new.target === undefined) throw new TypeError('Promise must be called with new.');
    const promise: unknown = Reflect.construct(NativePromise, [executor], new.target);
    void nativeThen(promise, undefined, ignore);
    return promise;
  };
  for (const key of Reflect.ownKeys(NativePromise)) {
    if (key === Symbol.species) continue;
    const descriptor = Object.getOwnPropertyDescriptor(NativePromise, key);
    if (descriptor !== undefined) Reflect.defineProperty(HandledPromise, key, descriptor);
  }
  // What then() makes from a plain promise is a plain native promise; a subclass keeps its own class.
  Reflect.defineProperty(HandledPromise, Symbol.species, {
    get(this: unknown) {
      return this === HandledPromise ? NativePromise : this;
    },
    configurable: true,
  });
  Reflect.defineProperty(NativePromise.prototype, 'constructor', { value: HandledPromise, writable: true, enumerable: false, configurable: true });
  Reflect.defineProperty(realm, 'Promise', { value: HandledPromise, writable: true, enumerable: false, configurable: true });
}

function ignore(): undefined {
  return undefined;
}
