import type { AttemptRecord, HistoryStore, RunAppend, RunRecord, StoredRun } from '@backstitch/engine';
import { partitionOf, type HistoryEvent, type Incident } from '@backstitch/protocol';

export const STARTED_AT_MS = Date.UTC(2026, 0, 1, 12);

export function freshWorkflowId(): string {
  return `conformance-${crypto.randomUUID()}`;
}

export function creation(changes: Partial<RunRecord> = {}): RunAppend {
  const workflowId = changes.workflowId ?? freshWorkflowId();
  const runId = crypto.randomUUID();
  const events: HistoryEvent[] = [
    {
      eventId: 1,
      eventType: 'WORKFLOW_EXECUTION_STARTED',
      eventTimeMs: STARTED_AT_MS,
      attributes: { workflowId, runId, workflowType: 'conformance', taskQueue: 'default', input: ['é 漢字 😀', 1.5, null], randomnessSeed: runId },
    },
    { eventId: 2, eventType: 'WORKFLOW_TASK_SCHEDULED', eventTimeMs: STARTED_AT_MS, attributes: {} },
  ];
  return {
    isNew: true,
    expectedNextEventId: 1,
    events,
    upsertAttempts: [],
    deleteAttempts: [],
    upsertIncidents: [],
    record: {
      workflowId,
      runId,
      workflowType: 'conformance',
      partition: partitionOf(workflowId),
      status: 'RUNNING',
      startedAtMs: STARTED_AT_MS,
      nextEventId: 3,
      historySizeBytes: 100,
      openActivities: 0,
      openIncidents: 0,
      requestFingerprint: 'fingerprint',
      searchAttributes: {},
      memo: {},
      ...changes,
    },
  };
}

/** One event more at the record's fence. */
export function continuation(record: RunRecord, changes: Partial<RunRecord> = {}): RunAppend {
  const eventId = record.nextEventId;
  return {
    ...quiet({ ...record, nextEventId: eventId + 1, historySizeBytes: record.historySizeBytes + 10 }, changes),
    expectedNextEventId: eventId,
    events: [{ eventId, eventType: 'WORKFLOW_EXECUTION_SIGNALED', eventTimeMs: STARTED_AT_MS + eventId, attributes: { signalName: 'go', input: [{ eventId }] } }],
  };
}

/** No event, at the record's fence. */
export function quiet(record: RunRecord, changes: Partial<RunRecord> = {}): RunAppend {
  return {
    isNew: false,
    expectedNextEventId: record.nextEventId,
    events: [],
    upsertAttempts: [],
    deleteAttempts: [],
    upsertIncidents: [],
    record: { ...record, ...changes },
  };
}

export function attempt(scheduledEventId: number): AttemptRecord {
  return { scheduledEventId, attempt: 2, dispatch: 1, revision: 0, failedAttempts: [] };
}

export function incident(incidentNumber: number): Incident {
  return { incidentNumber, kind: 'UNDO_FAILED', openedAtMs: STARTED_AT_MS, message: 'The undo failed.' };
}

export async function loadOne(store: HistoryStore, runId: string): Promise<StoredRun | undefined> {
  return (await store.load([runId]))[0];
}
