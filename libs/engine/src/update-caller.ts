import { UpdateNotFoundError, type UpdateOutcome, type UpdateWorkflowRequest, type UpdateWorkflowResponse } from '@backstitch/protocol';
import type { RunCache } from './batch/run-cache.js';
import { outcomeOf, type UpdateWaiters } from './batch/update-waiters.js';
import type { RunMessage, Unsent, UpdateProgress } from './messages/run-message.js';
import type { HistoryStore, StoredRun } from './ports/history-store.js';
import { runStateOf } from './run/run-state.js';
import { refuseOversized } from './start-validation.js';

/** How many runs of a chain are tried that continue as new instead of taking an update. */
const RUNS_TRIED_MAX = 20;

/** What the caller needs of the engine. */
export interface UpdateCallerParts {
  store: Pick<HistoryStore, 'load'>;
  cache: Pick<RunCache, 'peek'>;
  waiters: UpdateWaiters;
  stored(workflowId: string, runId?: string): Promise<StoredRun>;
  send<T>(runId: string, message: Unsent<RunMessage>): Promise<T>;
  call<T>(workflowId: string, message: Unsent<RunMessage>, runId?: string): Promise<T>;
}

/** Sends updates, and waits for them. */
export class UpdateCaller {
  constructor(readonly parts: UpdateCallerParts) {}

  async update(workflowId: string, request: UpdateWorkflowRequest, runId?: string, giveUp?: AbortSignal): Promise<UpdateWorkflowResponse> {
    const { updateId, updateName, args, waitForStage } = request;
    refuseOversized(`The input of update "${updateName}"`, args);
    let progress = await this.parts.call<UpdateProgress>(workflowId, { type: 'update', workflowId, request }, runId);
    for (let round = 0; progress.status === 'continued' && runId === undefined && round < RUNS_TRIED_MAX; round += 1) {
      progress = await this.parts.send<UpdateProgress>(progress.runId, { type: 'update', workflowId, request });
    }
    const known = { updateId, workflowId, runId: progress.runId };
    if (progress.status !== 'accepted') {
      return known;
    }
    const outcome = progress.outcome ?? (waitForStage === 'COMPLETED' ? await this.#updateCompleted(progress.runId, updateId, giveUp) : undefined);
    return outcome === undefined ? { ...known, stage: 'ACCEPTED' } : { ...known, stage: 'COMPLETED', outcome };
  }

  async poll(workflowId: string, updateId: string, runId?: string, giveUp?: AbortSignal): Promise<UpdateWorkflowResponse> {
    const stored = await this.parts.stored(workflowId, runId);
    const { record } = stored;
    const state = runStateOf(stored);
    if (state.extras?.updates?.has(updateId) !== true) {
      throw new UpdateNotFoundError(workflowId, updateId);
    }
    const known = { updateId, workflowId, runId: record.runId };
    const outcome = outcomeOf(state, updateId) ?? (await this.#updateCompleted(record.runId, updateId, giveUp));
    return outcome === undefined ? { ...known, stage: 'ACCEPTED' } : { ...known, stage: 'COMPLETED', outcome };
  }

  /** Undefined if `giveUp` came first; then the store is asked once more, for another engine may have advanced the run. */
  async #updateCompleted(runId: string, updateId: string, giveUp: AbortSignal | undefined): Promise<UpdateOutcome | undefined> {
    const waiting = this.parts.waiters.wait(runId, updateId, giveUp);
    const state = this.parts.cache.peek(runId);
    if (state !== undefined) {
      this.parts.waiters.committed(state);
    }
    const outcome = await waiting;
    if (outcome !== undefined) {
      return outcome;
    }
    const [stored] = await this.parts.store.load([runId]);
    return stored === undefined ? undefined : outcomeOf(runStateOf(stored), updateId);
  }
}
