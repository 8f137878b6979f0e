import type { UpdateOutcome } from '@backstitch/protocol';
import type { RunState } from '../run/run-state.js';

type Waiter = (outcome: UpdateOutcome | undefined) => void;

/** What an update ends with whose workflow ended first. */
const WORKFLOW_ENDED: UpdateOutcome = {
  status: 'failed',
  failure: { message: 'The workflow ended before the update did', applicationFailureInfo: { type: 'AcceptedUpdateCompletedWorkflow', nonRetryable: true } },
};

/** Who waits for accepted updates to complete, by run. */
export class UpdateWaiters {
  readonly #waiting = new Map<string, Map<string, Set<Waiter>>>();

  /** Resolves with the outcome, or with undefined as soon as `giveUp` aborts. */
  async wait(runId: string, updateId: string, giveUp: AbortSignal | undefined): Promise<UpdateOutcome | undefined> {
    if (giveUp?.aborted === true) {
      return undefined;
    }
    return new Promise((resolve) => {
      const waiters = this.#waitersOf(runId, updateId);
      const onAbort = (): void => waiter(undefined);
      const waiter: Waiter = (outcome) => {
        giveUp?.removeEventListener('abort', onAbort);
        waiters.delete(waiter);
        if (waiters.size === 0) {
          this.#forget(runId, updateId);
        }
        resolve(outcome);
      };
      giveUp?.addEventListener('abort', onAbort);
      waiters.add(waiter);
    });
  }

  /** To be called after each commit of a run that has updates. */
  committed({ runId, extras, status }: RunState): void {
    const waiting = this.#waiting.get(runId);
    if (waiting === undefined) {
      return;
    }
    for (const [updateId, waiters] of [...waiting]) {
      const outcome = extras?.updates?.get(updateId)?.outcome ?? (status === 'RUNNING' ? undefined : WORKFLOW_ENDED);
      if (outcome !== undefined) {
        [...waiters].forEach((waiter) => waiter(outcome));
      }
    }
  }

  #waitersOf(runId: string, updateId: string): Set<Waiter> {
    let updates = this.#waiting.get(runId);
    if (updates === undefined) {
      updates = new Map();
      this.#waiting.set(runId, updates);
    }
    let waiters = updates.get(updateId);
    if (waiters === undefined) {
      waiters = new Set();
      updates.set(updateId, waiters);
    }
    return waiters;
  }

  #forget(runId: string, updateId: string): void {
    const updates = this.#waiting.get(runId);
    updates?.delete(updateId);
    if (updates?.size === 0) {
      this.#waiting.delete(runId);
    }
  }
}

/** The outcome of an accepted update as the run stands; undefined: there is none yet. */
export function outcomeOf(state: Pick<RunState, 'status' | 'extras'>, updateId: string): UpdateOutcome | undefined {
  return state.extras?.updates?.get(updateId)?.outcome ?? (state.status === 'RUNNING' ? undefined : WORKFLOW_ENDED);
}
