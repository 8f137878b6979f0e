import type { HistoryStore } from './ports/history-store.js';

interface Waiter {
  resolve(runId: string | undefined): void;
  reject(error: unknown): void;
}

/** Ids asked for in one call to the store. */
const IDS_PER_CALL_MAX = 1_000;

/** Finds the runs of workflow ids: one call to the store at a time, with whatever is asked for by then. */
export class WorkflowIdResolver {
  readonly #waiting = new Map<string, Waiter[]>();
  #isRunning = false;

  constructor(readonly store: Pick<HistoryStore, 'findByWorkflowIds'>) {}

  /** How many questions wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** The run id; undefined if no run has that workflow id. Rejects with StoreUnavailableError. */
  async find(workflowId: string): Promise<string | undefined> {
    const found = new Promise<string | undefined>((resolve, reject) => {
      const waiter = { resolve, reject };
      const waiters = this.#waiting.get(workflowId);
      if (waiters === undefined) {
        this.#waiting.set(workflowId, [waiter]);
      } else {
        waiters.push(waiter);
      }
    });
    if (!this.#isRunning) {
      this.#isRunning = true;
      void this.#run();
    }
    return found;
  }

  async #run(): Promise<void> {
    // Callers of the same moment share the first call too.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const asked = new Map([...this.#waiting].slice(0, IDS_PER_CALL_MAX));
      asked.forEach((_, workflowId) => this.#waiting.delete(workflowId));
      try {
        const records = await this.store.findByWorkflowIds([...asked.keys()]);
        const runIds = new Map(records.map(({ workflowId, runId }) => [workflowId, runId]));
        asked.forEach((waiters, workflowId) => waiters.forEach(({ resolve }) => resolve(runIds.get(workflowId))));
      } catch (error) {
        asked.forEach((waiters) => waiters.forEach(({ reject }) => reject(error)));
      }
    }
    this.#isRunning = false;
  }
}
