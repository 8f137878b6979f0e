import type { AppendResult, HistoryStore, RunAppend, RunRecord, StoredRun } from '@backstitch/engine';
import type { OpenActivities } from './open-activities.js';

/** A store of which every committed append and every loaded run is told to the count of open activities. */
export class WatchedHistoryStore implements HistoryStore {
  constructor(
    private readonly store: HistoryStore,
    private readonly open: OpenActivities,
    /** Called with the open activities of each run that is loaded. */
    private readonly onLoaded: (openActivities: number) => void,
  ) {}

  async commit(appends: readonly RunAppend[]): Promise<AppendResult[]> {
    const results = await this.store.commit(appends);
    results.forEach(({ status }, index) => {
      const append = appends[index];
      if (append === undefined) return;
      if (status === 'committed') this.open.committed(append);
      // Another owner is ahead; if the run comes here again, it is loaded first.
      else this.open.forget(append.record.runId);
    });
    return results;
  }

  async load(runIds: readonly string[]): Promise<StoredRun[]> {
    const runs = await this.store.load(runIds);
    runs.forEach((run) => this.onLoaded(this.open.loaded(run)));
    return runs;
  }

  findByWorkflowIds(workflowIds: readonly string[]): Promise<RunRecord[]> {
    return this.store.findByWorkflowIds(workflowIds);
  }
}
