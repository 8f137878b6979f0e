import type { Described } from './built-in-queries.js';
import { CancelCallback } from './cancel-listeners.js';
import type { CancellationScope } from './cancellation-scope.js';
import type { CancelledFailure } from '@backstitch/protocol/failures';
import type { StartedTimer } from './pending-timers.js';
import { runInScope } from './scope-context.js';

/** A predicate that does not hold yet. */
class PendingCondition extends CancelCallback {
  timer: StartedTimer | undefined;

  constructor(
    readonly predicate: () => boolean,
    readonly scope: CancellationScope,
    readonly settle: (held: boolean) => void,
    onCancelled: (reason: CancelledFailure) => void,
  ) {
    super(onCancelled);
  }
}

/** The workflow task that a throwing predicate fails. */
interface WorkflowTask {
  readonly isBroken: boolean;
  break(error: unknown): void;
}

/** What one run waits for until it holds: predicates that are asked again whenever its code has run. */
export class PendingConditions {
  readonly #pending = new Set<PendingCondition>();

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  /**
   * Resolves with true when the predicate holds, with false when the timeout has expired; rejects when `scope` is cancelled.
   * @param startTimeout starts the timer that calls `expire`; none: it waits for ever
   */
  wait(scope: CancellationScope, predicate: () => boolean, startTimeout?: (expire: () => void) => StartedTimer): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const condition = new PendingCondition(predicate, scope, resolve, (reason) => {
        this.#pending.delete(condition);
        condition.timer?.cancel();
        reject(reason);
      });
      scope.onCancel(condition);
      this.#pending.add(condition);
      condition.timer = startTimeout?.(() => {
        this.#pending.delete(condition);
        condition.forgetCancel();
        resolve(false);
      });
    });
  }

  /** What waits, for people. */
  describe(): Described[] {
    return [...this.#pending].map((item) => ({ item, what: 'condition' }));
  }

  /** {@link settle}, again and again until none holds any more, though no code has run in between: as Temporal's runtime does after each job. */
  settleAll(task: WorkflowTask): boolean {
    let settled = false;
    while (this.settle(task)) settled = true;
    return settled;
  }

  /** Resolves the conditions that hold now; a predicate that throws breaks `task`. Answers whether there was one that held. */
  settle(task: WorkflowTask): boolean {
    let settled = false;
    for (const condition of [...this.#pending]) {
      if (task.isBroken) return settled;
      try {
        if (!this.#pending.has(condition) || !runInScope(condition.scope, condition.predicate)) continue;
      } catch (error) {
        task.break(error);
        return settled;
      }
      this.#pending.delete(condition);
      condition.forgetCancel();
      condition.timer?.cancel();
      condition.settle(true);
      settled = true;
    }
    return settled;
  }
}
