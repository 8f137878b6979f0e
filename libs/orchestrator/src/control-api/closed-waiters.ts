import { OverloadedError, type AwaitClosedResponse, type ClosedWorkflow } from '@backstitch/protocol';
import type { HistoryStore, RunRecord } from '@backstitch/engine';
import { toSummary } from './workflow-summary.js';

export interface ClosedWaitersOptions {
  store: Pick<HistoryStore, 'findByWorkflowIds'>;
  /** Workflow ids waited for at once, of all calls together; beyond it calls are refused with OverloadedError. */
  waitersMax: number;
  /** With more than one replica another one may close a run: then the database is asked again so often. */
  recheckMs: number;
  liveReplicas: () => number;
}

const OVERLOADED_RETRY_AFTER_MS = 1_000;

/**
 * Calls that wait until one of their runs is closed. The engine says when that is so; the database, asked after the subscription, says what was so
 * before, and what a run came to.
 */
export class ClosedWaiters {
  readonly #options: ClosedWaitersOptions;
  readonly #waiters = new Map<string, Set<() => void>>();
  #waiting = 0;
  #stopped = false;

  constructor(options: ClosedWaitersOptions) {
    this.#options = options;
  }

  /** A run was closed. */
  closed(workflowId: string): void {
    this.#waiters.get(workflowId)?.forEach((notify) => notify());
  }

  /** Answers all calls that wait, so that a stop need not wait for them. */
  stop(): void {
    this.#stopped = true;
    for (const waiters of [...this.#waiters.values()]) {
      waiters.forEach((notify) => notify());
    }
  }

  /**
   * Answers as soon as one of the runs is closed, or after the time-out with none.
   * @throws OverloadedError, StoreUnavailableError
   */
  async await(workflowIds: readonly string[], timeoutMs: number): Promise<AwaitClosedResponse> {
    const distinct = [...new Set(workflowIds)];
    if (this.#waiting + distinct.length > this.#options.waitersMax) {
      throw new OverloadedError(OVERLOADED_RETRY_AFTER_MS);
    }
    const deadlineMs = performance.now() + timeoutMs;
    const subscription = this.#subscribe(distinct);
    try {
      for (;;) {
        subscription.rearm();
        const answer = await this.#ask(distinct);
        const remainingMs = deadlineMs - performance.now();
        if (answer.closed.length > 0 || answer.unknown.length === distinct.length || remainingMs <= 0 || this.#stopped) {
          return answer;
        }
        await subscription.wait(this.#options.liveReplicas() > 1 ? Math.min(remainingMs, this.#options.recheckMs) : remainingMs);
      }
    } finally {
      subscription.end();
    }
  }

  async #ask(workflowIds: readonly string[]): Promise<AwaitClosedResponse> {
    const records = await this.#options.store.findByWorkflowIds(workflowIds);
    const known = new Set(records.map(({ workflowId }) => workflowId));
    return {
      closed: records.filter(({ status }) => status !== 'RUNNING').map(toClosedWorkflow),
      unknown: workflowIds.filter((workflowId) => !known.has(workflowId)),
    };
  }

  #subscribe(workflowIds: readonly string[]): { rearm(): void; wait(ms: number): Promise<void>; end(): void } {
    let notified = false;
    let wakeUp: (() => void) | undefined;
    const notify = (): void => {
      notified = true;
      wakeUp?.();
    };
    for (const workflowId of workflowIds) {
      const waiters = this.#waiters.get(workflowId) ?? new Set();
      this.#waiters.set(workflowId, waiters.add(notify));
    }
    this.#waiting += workflowIds.length;
    return {
      rearm: () => (notified = false),
      wait: async (ms) => {
        if (notified || this.#stopped) {
          return;
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wakeUp = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wakeUp = undefined;
      },
      end: () => {
        this.#waiting -= workflowIds.length;
        for (const workflowId of workflowIds) {
          const waiters = this.#waiters.get(workflowId);
          waiters?.delete(notify);
          if (waiters?.size === 0) this.#waiters.delete(workflowId);
        }
      },
    };
  }
}

function toClosedWorkflow(record: RunRecord): ClosedWorkflow {
  return {
    ...toSummary(record),
    ...(record.result !== undefined && { result: record.result }),
    ...(record.failure !== undefined && { failure: record.failure }),
  };
}
