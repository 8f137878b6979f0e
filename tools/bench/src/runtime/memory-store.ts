import type { AppendResult, HistoryStore, RunAppend, RunRecord, StoredRun } from '@backstitch/engine';

/** A store that says yes. It keeps whole histories only of the runs that it is told to keep, so that its own memory is no part of what is measured. */
export class MemoryStore implements HistoryStore {
  readonly #kept = new Map<string, StoredRun>();

  /** @param keepsWorkflow whose histories can be loaded again */
  constructor(readonly keepsWorkflow: (workflowId: string) => boolean = () => false) {}

  commit(appends: readonly RunAppend[]): Promise<AppendResult[]> {
    for (const { record, events } of appends) {
      if (!this.keepsWorkflow(record.workflowId)) continue;
      const kept = this.#kept.get(record.runId) ?? { record, events: [], attempts: [], incidents: [] };
      kept.record = record;
      kept.events.push(...events);
      this.#kept.set(record.runId, kept);
    }
    return Promise.resolve(appends.map(() => ({ status: 'committed' })));
  }

  load(runIds: readonly string[]): Promise<StoredRun[]> {
    return Promise.resolve(runIds.flatMap((runId) => this.#kept.get(runId) ?? []));
  }

  findByWorkflowIds(workflowIds: readonly string[]): Promise<RunRecord[]> {
    return Promise.resolve([...this.#kept.values()].map(({ record }) => record).filter(({ workflowId }) => workflowIds.includes(workflowId)));
  }
}
