import { WorkflowAlreadyClosedError, WorkflowNotFoundError } from '@backstitch/protocol';
import type { RunCache } from './batch/run-cache.js';
import type { RunMessage, Unsent } from './messages/run-message.js';
import type { HistoryStore, StoredRun } from './ports/history-store.js';
import type { RunStarter } from './run-starter.js';
import type { WorkflowIdResolver } from './workflow-id-resolver.js';

/** How often a call that misses a run because another one took its place looks for that one. */
const RUNS_TRIED_MAX = 20;

/** What the caller needs of the engine. */
export interface WorkflowCallerParts {
  store: Pick<HistoryStore, 'load'>;
  cache: Pick<RunCache, 'runIdOf'>;
  resolver: Pick<WorkflowIdResolver, 'find'>;
  starter: Pick<RunStarter, 'startingRunId'>;
  send<T>(runId: string, message: Unsent<RunMessage>): Promise<T>;
}

/** Finds the run that a call by workflow id is for. */
export class WorkflowCaller {
  constructor(readonly parts: WorkflowCallerParts) {}

  /**
   * Sends a message by workflow id; a run that is just being started can be addressed already. One that names no run and finds it closed is for the run
   * that took its place, if one did.
   */
  async call<T>(workflowId: string, message: Unsent<RunMessage>, runId?: string): Promise<T> {
    const { send, resolver } = this.parts;
    if (runId !== undefined) {
      return send<T>(runId, message);
    }
    // A run that is known is sent to at once: messages of one moment share a batch.
    let tried = this.#knownRunId(workflowId) ?? (await this.#findRunId(workflowId));
    for (let round = 0; ; round += 1) {
      try {
        return await send<T>(tried, message);
      } catch (error) {
        // A run that was about to begin and was not written has left the message to nobody.
        const isMissed = error instanceof WorkflowAlreadyClosedError || error instanceof WorkflowNotFoundError;
        const current = isMissed && round < RUNS_TRIED_MAX ? await resolver.find(workflowId) : undefined;
        if (current === undefined || current === tried) {
          throw error;
        }
        tried = current;
      }
    }
  }

  /** A run as the store has it: the one that is named, or the newest. */
  async stored(workflowId: string, runId?: string): Promise<StoredRun> {
    const wanted = runId ?? (await this.parts.resolver.find(workflowId));
    const [stored] = wanted === undefined ? [] : await this.parts.store.load([wanted]);
    if (stored === undefined || stored.record.workflowId !== workflowId) {
      throw new WorkflowNotFoundError(workflowId);
    }
    return stored;
  }

  #knownRunId(workflowId: string): string | undefined {
    return this.parts.starter.startingRunId(workflowId) ?? this.parts.cache.runIdOf(workflowId);
  }

  async #findRunId(workflowId: string): Promise<string> {
    const runId = await this.parts.resolver.find(workflowId);
    if (runId === undefined) {
      throw new WorkflowNotFoundError(workflowId);
    }
    return runId;
  }
}
