import type { RunRecord } from '@backstitch/engine';
import type { Failure, JsonObject, JsonValue, SearchAttributes, WorkflowExecutionStatus } from '@backstitch/protocol';

/** A row of `execution` as {@link RUN_RECORD_COLUMNS} selects it: 64-bit numbers and JSON come as text. */
export interface RunRecordRow {
  run_id: string;
  workflow_id: string;
  workflow_type: string;
  partition: number;
  status: WorkflowExecutionStatus;
  started_at_ms: string;
  closed_at_ms: string | null;
  next_event_id: number;
  history_size_bytes: string;
  wake_at_ms: string | null;
  open_activities: number;
  open_incidents: number;
  open_calls: number;
  request_fingerprint: string;
  search_attributes: string;
  memo: string;
  result: string | null;
  failure: string | null;
}

/** Columns for {@link RunRecordRow}, of the table alias `e`. JSON as text tells a JSON null from nothing. */
export const RUN_RECORD_COLUMNS = `e.run_id, e.workflow_id, e.workflow_type, e.partition, e.status, e.started_at_ms, e.closed_at_ms, e.next_event_id,
  e.history_size_bytes, e.wake_at_ms, e.open_activities, e.open_incidents, e.open_calls, e.request_fingerprint, e.search_attributes::text AS search_attributes,
  e.memo::text AS memo, e.result::text AS result, e.failure::text AS failure`;

export function toRunRecord(row: RunRecordRow): RunRecord {
  return {
    workflowId: row.workflow_id,
    runId: row.run_id,
    workflowType: row.workflow_type,
    partition: row.partition,
    status: row.status,
    startedAtMs: Number(row.started_at_ms),
    nextEventId: row.next_event_id,
    historySizeBytes: Number(row.history_size_bytes),
    openActivities: row.open_activities,
    openIncidents: row.open_incidents,
    requestFingerprint: row.request_fingerprint,
    searchAttributes: JSON.parse(row.search_attributes) as SearchAttributes,
    memo: JSON.parse(row.memo) as JsonObject,
    ...(row.open_calls > 0 && { openCalls: row.open_calls }),
    ...(row.closed_at_ms !== null && { closedAtMs: Number(row.closed_at_ms) }),
    ...(row.wake_at_ms !== null && { wakeAtMs: Number(row.wake_at_ms) }),
    ...(row.result !== null && { result: JSON.parse(row.result) as JsonValue }),
    ...(row.failure !== null && { failure: JSON.parse(row.failure) as Failure }),
  };
}
