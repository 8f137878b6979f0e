import { CancelCallback, CancelListeners, type CancelListener } from './cancel-listeners.js';
import { durationToMs, type Duration } from './duration.js';
import { CancelledFailure } from '@backstitch/protocol/failures';
import { currentScope, passOn, runInNestedScope, soon, type ScopeContext } from './scope-context.js';
import type { WorkflowRun } from './workflow-run.js';

/** How a scope is made. */
export interface CancellationScopeOptions {
  /** The scope is cancelled so long after its `run` began. Default: never. */
  timeout?: Duration;
  /** Whether a cancellation, of the parent or of this scope, ends what is done in it. Default true. */
  cancellable: boolean;
  /** Default: the scope that is current. */
  parent?: CancellationScope;
}

/**
 * A part of a workflow that is cancelled together. Temporal's names and meanings: what is called inside `run` - also after an `await` - belongs to the scope.
 *
 * States: open → cancelled, once. Cancelling rejects what is pending in the scope (timers, conditions, activities by their
 * cancellation type) and in its cancellable children, a microtask later for each level, as in Temporal; calls made later reject. A scope that is not
 * cancellable only tells that it was asked, by `cancelRequested`. Runs of runtime version 1 have no such microtask.
 */
export class CancellationScope implements ScopeContext {
  /** @internal */
  readonly workflowRun: WorkflowRun;
  readonly parent: CancellationScope | undefined;
  readonly cancellable: boolean;
  /** In milliseconds. */
  readonly timeout: number | undefined;
  /** Set when cancellation was asked for; what pends is told once `#listeners` are. */
  #requestedBy: CancelledFailure | undefined;
  readonly #listeners = new CancelListeners();
  #parentListener: CancelListener | undefined;
  #cancelRequested: Promise<never> | undefined;
  #rejectCancelRequested: ((reason: CancelledFailure) => void) | undefined;

  /** @param root given for a run's root scope only */
  constructor(options: CancellationScopeOptions = { cancellable: true }, root?: WorkflowRun) {
    this.cancellable = options.cancellable ?? true;
    this.timeout = options.timeout === undefined ? undefined : durationToMs(options.timeout, 'timeout');
    this.parent = root === undefined ? (options.parent ?? currentScope()) : undefined;
    this.workflowRun = root ?? (this.parent as CancellationScope).workflowRun;
    if (this.parent !== undefined) this.#follow(this.parent);
  }

  /** The scope of the calling code. */
  static current(): CancellationScope {
    return currentScope();
  }

  /** Runs `fn` in a new scope that is cancelled with its parent or by itself. */
  static cancellable<Result>(fn: () => Promise<Result>): Promise<Result> {
    return new this({ cancellable: true }).run(fn);
  }

  /** Runs `fn` in a new scope that a cancellation of the workflow does not reach: for cleaning up. */
  static nonCancellable<Result>(fn: () => Promise<Result>): Promise<Result> {
    return new this({ cancellable: false }).run(fn);
  }

  /** Runs `fn` in a new scope that is cancelled after `timeout`. */
  static withTimeout<Result>(timeout: Duration, fn: () => Promise<Result>): Promise<Result> {
    return new this({ cancellable: true, timeout }).run(fn);
  }

  /** Runs `fn` in this scope. */
  run<Result>(fn: () => Promise<Result>): Promise<Result> {
    if (this.timeout !== undefined) return runInNestedScope(this, () => this.#runWithTimeout(fn));
    try {
      const result = Promise.resolve(runInNestedScope(this, fn));
      // One microtask more, as if it were awaited here.
      return this.workflowRun.isLegacy ? result : passOn(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Cancels this scope and its cancellable children. A second call changes nothing. */
  cancel(): void {
    this.cancelWith(new CancelledFailure('Cancellation scope cancelled'));
  }

  /** Whether calls in this scope reject. */
  get consideredCancelled(): boolean {
    return this.#requestedBy !== undefined && this.cancellable;
  }

  /** Rejects with the CancelledFailure when this scope is asked to cancel, be it cancellable or not; never resolves. */
  get cancelRequested(): Promise<never> {
    this.#cancelRequested ??= new Promise((_resolve, reject) => {
      if (this.#listeners.isTold && this.#requestedBy !== undefined) reject(this.#requestedBy);
      else this.#rejectCancelRequested = reject;
    });
    return this.#cancelRequested;
  }

  /** @internal A scope is a context without values. */
  get scope(): CancellationScope {
    return this;
  }

  /** @internal */
  get values(): undefined {
    return undefined;
  }

  /** @internal Why calls in this scope reject. */
  get cancelledBy(): CancelledFailure | undefined {
    return this.cancellable ? this.#requestedBy : undefined;
  }

  /** @internal Cancels with a given reason: the workflow's own cancellation. */
  cancelWith(reason: CancelledFailure): void {
    if (this.#listeners.isTold) return;
    this.#requestedBy = reason;
    this.#parentListener?.forgetCancel();
    if (this.workflowRun.isLegacy) this.#listeners.tell(reason);
    else this.#listeners.tellSoon(reason, soon);
    this.#rejectCancelRequested?.(reason);
  }

  /** @internal Tells the listener when what is done in this scope is cancelled, in order of registration; it can leave with `forgetCancel`. */
  onCancel(listener: CancelListener): void {
    this.workflowRun.trace(listener);
    if (this.cancellable) this.#listeners.add(listener);
  }

  /** @internal From now on a cancellation of the parent does not reach this scope, unless it has already. */
  shield(): void {
    this.#parentListener?.forgetCancel();
  }

  /** @internal A call made in a scope that is cancelled: its promise rejects when the scope's own does. */
  refuse(): Promise<never> {
    if (this.workflowRun.isLegacy) return Promise.reject(this.#requestedBy);
    return new Promise((_resolve, reject) => this.onRequest(reject));
  }

  /** @internal Like `cancelRequested.catch(callback)`: cancellable or not, now or later. */
  onRequest(callback: (reason: CancelledFailure) => void): void {
    const reason = this.#requestedBy;
    if (reason !== undefined && this.#listeners.isTold) soon(() => callback(reason));
    else this.#listeners.add(new CancelCallback(callback));
  }

  /** Takes over the parent's cancellation: at once what calls ask, a microtask after the parent's own what pends. */
  #follow(parent: CancellationScope): void {
    if (!parent.cancellable) return;
    if (this.workflowRun.isLegacy) {
      if (!this.cancellable) return;
      if (parent.#requestedBy !== undefined) this.cancelWith(parent.#requestedBy);
      else this.#followWhenTold(parent);
      return;
    }
    this.#requestedBy = parent.#requestedBy;
    const reason = parent.#requestedBy;
    if (reason !== undefined && parent.#listeners.isTold) soon(() => this.cancelWith(reason));
    else this.#followWhenTold(parent);
  }

  #followWhenTold(parent: CancellationScope): void {
    this.#parentListener = new CancelCallback((reason) => this.cancelWith(reason));
    parent.#listeners.add(this.#parentListener);
  }

  async #runWithTimeout<Result>(fn: () => Promise<Result>): Promise<Result> {
    const timer = this.timeout === undefined ? undefined : this.#startTimeout(this.timeout);
    try {
      return await fn();
    } finally {
      timer?.cancel();
    }
  }

  #startTimeout(timeoutMs: number): { cancel(): void } | undefined {
    if (this.workflowRun.isLegacy) return this.workflowRun.startTimer(timeoutMs, this, () => this.cancel());
    // As in Temporal's runtime.
    if (timeoutMs === 0) return undefined;
    const timerScope = new CancellationScope();
    timerScope.run(() => this.workflowRun.sleep(timerScope, timeoutMs)).then(
      () => this.cancel(),
      () => undefined,
    );
    return { cancel: () => void (timerScope.consideredCancelled || timerScope.cancel()) };
  }
}
