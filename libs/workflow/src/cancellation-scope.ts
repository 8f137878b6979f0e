import { CancelCallback, CancelListeners, type CancelListener } from './cancel-listeners.js';
import { durationToMs, type Duration } from './duration.js';
import { CancelledFailure } from './failures.js';
import { currentScope, runInScope } from './scope-context.js';
import type { WorkflowRun } from './workflow-run.js';

/** How a scope is made. */
export interface CancellationScopeOptions {
  /** Whether a cancellation of the parent reaches this scope. */
  cancellable: boolean;
  /** Default: the scope that is current. */
  parent?: CancellationScope;
}

/**
 * A part of a workflow that is cancelled together. Temporal's names and meanings: what is called inside `run` - also after an `await` - belongs to the scope.
 *
 * States: open → cancelled, once. Cancelling rejects what is pending in the scope (timers, conditions, activities by their
 * cancellation type) and in its cancellable children; calls made later reject at once.
 */
export class CancellationScope {
  /** @internal */
  readonly workflowRun: WorkflowRun;
  readonly parent: CancellationScope | undefined;
  readonly cancellable: boolean;
  #cancelledBy: CancelledFailure | undefined;
  readonly #listeners = new CancelListeners();
  #cancelRequested: Promise<never> | undefined;

  /** @param root given for a run's root scope only */
  constructor(options: CancellationScopeOptions = { cancellable: true }, root?: WorkflowRun) {
    this.cancellable = options.cancellable;
    this.parent = root === undefined ? (options.parent ?? currentScope()) : undefined;
    this.workflowRun = root ?? (this.parent as CancellationScope).workflowRun;
    const parent = this.parent;
    if (parent === undefined || !this.cancellable) return;
    if (parent.#cancelledBy !== undefined) this.#cancelledBy = parent.#cancelledBy;
    else parent.onCancel(new CancelCallback((reason) => this.#cancel(reason)));
  }

  /** The scope of the calling code. */
  static current(): CancellationScope {
    return currentScope();
  }

  /** Runs `fn` in a new scope that is cancelled with its parent or by itself. */
  static cancellable<Result>(fn: () => Promise<Result>): Promise<Result> {
    return new CancellationScope({ cancellable: true }).run(fn);
  }

  /** Runs `fn` in a new scope that a cancellation of the workflow does not reach: for cleaning up. */
  static nonCancellable<Result>(fn: () => Promise<Result>): Promise<Result> {
    return new CancellationScope({ cancellable: false }).run(fn);
  }

  /** Runs `fn` in a new scope that is cancelled after `timeout`. */
  static async withTimeout<Result>(timeout: Duration, fn: () => Promise<Result>): Promise<Result> {
    const scope = new CancellationScope({ cancellable: true });
    const timer = scope.workflowRun.startTimer(durationToMs(timeout, 'timeout'), scope, () => scope.cancel());
    try {
      return await scope.run(fn);
    } finally {
      timer.cancel();
    }
  }

  /** Runs `fn` in this scope. */
  run<Result>(fn: () => Promise<Result>): Promise<Result> {
    try {
      return Promise.resolve(runInScope(this, fn));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Cancels this scope and its cancellable children. A second call changes nothing. */
  cancel(): void {
    this.#cancel(new CancelledFailure('Cancellation scope cancelled'));
  }

  /** Whether calls in this scope reject. */
  get consideredCancelled(): boolean {
    return this.#cancelledBy !== undefined;
  }

  /** Rejects with the CancelledFailure when this scope is cancelled; never resolves. */
  get cancelRequested(): Promise<never> {
    this.#cancelRequested ??= new Promise((_resolve, reject) => {
      if (this.#cancelledBy !== undefined) reject(this.#cancelledBy);
      else this.onCancel(new CancelCallback(reject));
    });
    return this.#cancelRequested;
  }

  /** @internal Why this scope is cancelled. */
  get cancelledBy(): CancelledFailure | undefined {
    return this.#cancelledBy;
  }

  /** @internal Cancels with a given reason: the workflow's own cancellation. */
  cancelWith(reason: CancelledFailure): void {
    this.#cancel(reason);
  }

  /** @internal Tells the listener when this scope is cancelled, in order of registration; it can leave with `forgetCancel`. */
  onCancel(listener: CancelListener): void {
    this.#listeners.add(listener);
  }

  #cancel(reason: CancelledFailure): void {
    if (this.#cancelledBy !== undefined) return;
    this.#cancelledBy = reason;
    this.#listeners.tell(reason);
  }
}
