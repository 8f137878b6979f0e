import type { CancellationScope } from './cancellation-scope.js';
import type { StartedTimer } from './pending-timers.js';
import { runInScope } from './scope-context.js';

interface PendingCondition {
  predicate: () => boolean;
  scope: CancellationScope;
  resolve: () => void;
  forgetCancel: () => void;
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
      const condition: PendingCondition = {
        predicate,
        scope,
        resolve: () => {
          timer?.cancel();
          resolve(true);
        },
        forgetCancel: scope.onCancel((reason) => {
          this.#pending.delete(condition);
          timer?.cancel();
          reject(reason);
        }),
      };
      this.#pending.add(condition);
      const expire = (): void => {
        this.#pending.delete(condition);
        condition.forgetCancel();
        resolve(false);
      };
      const timer = startTimeout?.(expire);
    });
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
      condition.resolve();
      settled = true;
    }
    return settled;
  }
}
