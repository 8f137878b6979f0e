import type { HistoryEvent } from '@backstitch/protocol';
import { historyCollector, type CollectedRun } from '@backstitch/testing';
import type { DataSource } from 'typeorm';

/**
 * Hands the runs in the database to the referee, where this test run collects them.
 * @param buildId of the bundle: runs that other code went on with are not this replica's to tell
 */
export async function collectRuns(dataSource: DataSource, bundle: CollectedRun['bundle'], buildId: string): Promise<void> {
  const collector = historyCollector();
  if (collector === undefined || !dataSource.isInitialized) return;
  const rows: { workflow_id: string; workflow_type: string; histories: string[] | null }[] = await dataSource.query(
    `SELECT e.workflow_id, e.workflow_type, (SELECT array_agg(h.events::text ORDER BY h.first_event_id) FROM orchestrator.history h WHERE h.run_id = e.run_id) AS histories
     FROM orchestrator.execution e`,
  );
  collector.take(
    rows
      .map(({ workflow_id, workflow_type, histories }) => ({
        workflowId: workflow_id,
        workflowType: workflow_type,
        events: (histories ?? []).flatMap((text) => JSON.parse(text) as HistoryEvent[]),
        bundle,
      }))
      .filter(({ events }) => events.every((event) => buildOf(event) === undefined || buildOf(event) === buildId)),
  );
}

function buildOf({ eventType, attributes }: HistoryEvent): string | undefined {
  return eventType === 'WORKFLOW_TASK_COMPLETED' || eventType === 'WORKFLOW_EXECUTION_STARTED' ? attributes.buildId : undefined;
}
