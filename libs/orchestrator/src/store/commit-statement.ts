import type { AttemptRecord, RunAppend } from '@backstitch/engine';
import type { Incident, SearchAttributes } from '@backstitch/protocol';
import type { Statement } from './database.js';
import { SCHEMA } from './schema.js';

const INPUT = `WITH input AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::boolean[], $3::integer[], $4::text[], $5::text[], $6::smallint[], $7::text[], $8::bigint[], $9::bigint[],
      $10::integer[], $11::bigint[], $12::bigint[], $13::integer[], $14::integer[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[])
    AS i(run_id, is_new, expected_event_id, workflow_id, workflow_type, partition, status, started_at_ms, closed_at_ms,
      next_event_id, history_size_bytes, wake_at_ms, open_activities, open_incidents, request_fingerprint, search_attributes, memo, result, failure, events)
)`;

/**
 * Locks come first and in order of run id, then the fence is compared, then new runs are inserted in order of workflow id: two batches that
 * share runs wait for each other instead of blocking each other for good. A row that changed while its lock was awaited is compared
 * again as it is now, so that its stale writer changes nothing.
 */
const EXECUTIONS = `, locked AS MATERIALIZED (
  SELECT e.run_id FROM ${SCHEMA}.execution e WHERE e.run_id = ANY ($1::uuid[]) ORDER BY e.run_id FOR NO KEY UPDATE
), updated AS (
  UPDATE ${SCHEMA}.execution e
  SET status = i.status, closed_at_ms = i.closed_at_ms, next_event_id = i.next_event_id, history_size_bytes = i.history_size_bytes,
      wake_at_ms = i.wake_at_ms, open_activities = i.open_activities, open_incidents = i.open_incidents,
      search_attributes = i.search_attributes::jsonb, result = i.result::json, failure = i.failure::json, updated_at = now()
  FROM input i JOIN locked l ON l.run_id = i.run_id
  WHERE e.run_id = i.run_id AND NOT i.is_new AND e.next_event_id = i.expected_event_id
  RETURNING e.run_id
), inserted AS (
  INSERT INTO ${SCHEMA}.execution (run_id, workflow_id, workflow_type, partition, status, started_at_ms, closed_at_ms, next_event_id, history_size_bytes,
      wake_at_ms, open_activities, open_incidents, request_fingerprint, search_attributes, memo, result, failure)
  SELECT i.run_id, i.workflow_id, i.workflow_type, i.partition, i.status, i.started_at_ms, i.closed_at_ms, i.next_event_id, i.history_size_bytes,
      i.wake_at_ms, i.open_activities, i.open_incidents, i.request_fingerprint, i.search_attributes::jsonb, i.memo::json, i.result::json, i.failure::json
  FROM input i
  WHERE i.is_new AND (SELECT count(*) FROM updated) >= 0
  ORDER BY i.workflow_id
  ON CONFLICT DO NOTHING
  RETURNING run_id
), passed AS (
  SELECT run_id FROM updated UNION ALL SELECT run_id FROM inserted
), appended AS (
  INSERT INTO ${SCHEMA}.history (run_id, first_event_id, last_event_id, events)
  SELECT i.run_id, i.expected_event_id, i.next_event_id - 1, i.events::json FROM input i JOIN passed p ON p.run_id = i.run_id WHERE i.events IS NOT NULL
)`;

/** Attempts change without events, so the fence does not guard them: a writer whose copy is old must not put them back. */
const DETAILS = `, attempts_changed AS (
  INSERT INTO ${SCHEMA}.attempt AS t (run_id, scheduled_event_id, record)
  SELECT a.run_id, a.scheduled_event_id, a.record::json
  FROM unnest($21::uuid[], $22::integer[], $23::text[]) AS a(run_id, scheduled_event_id, record) JOIN passed p ON p.run_id = a.run_id
  ON CONFLICT (run_id, scheduled_event_id) DO UPDATE SET record = excluded.record
    WHERE ((t.record->>'attempt')::integer, (t.record->>'dispatch')::integer) <= ((excluded.record->>'attempt')::integer, (excluded.record->>'dispatch')::integer)
), attempts_ended AS (
  DELETE FROM ${SCHEMA}.attempt t USING unnest($24::uuid[], $25::integer[]) AS d(run_id, scheduled_event_id), passed p
  WHERE t.run_id = d.run_id AND t.scheduled_event_id = d.scheduled_event_id AND p.run_id = d.run_id
), incidents_changed AS (
  INSERT INTO ${SCHEMA}.incident (run_id, incident_number, kind, opened_at_ms, is_open, incident)
  SELECT n.run_id, n.incident_number, n.kind, n.opened_at_ms, n.is_open, n.incident::json
  FROM unnest($26::uuid[], $27::integer[], $28::text[], $29::bigint[], $30::boolean[], $31::text[])
    AS n(run_id, incident_number, kind, opened_at_ms, is_open, incident) JOIN passed p ON p.run_id = n.run_id
  ON CONFLICT (run_id, incident_number) DO UPDATE
    SET kind = excluded.kind, opened_at_ms = excluded.opened_at_ms, is_open = excluded.is_open, incident = excluded.incident
)`;

const ANSWER = ' SELECT run_id FROM passed';

/** One statement, and so one transaction, for many runs' appends. Answers the run ids that passed their fence. */
export function commitStatement(appends: readonly RunAppend[]): Statement {
  const hasDetails = appends.some(({ upsertAttempts, deleteAttempts, upsertIncidents }) => upsertAttempts.length + deleteAttempts.length + upsertIncidents.length > 0);
  return hasDetails
    ? { name: 'backstitch_commit_details', text: INPUT + EXECUTIONS + DETAILS + ANSWER, values: [...executionValues(appends), ...detailValues(appends)] }
    : { name: 'backstitch_commit', text: INPUT + EXECUTIONS + ANSWER, values: executionValues(appends) };
}

function executionValues(appends: readonly RunAppend[]): unknown[] {
  const column = <T>(read: (append: RunAppend) => T): T[] => appends.map(read);
  return [
    column(({ record }) => record.runId),
    column(({ isNew }) => isNew),
    column(({ expectedNextEventId }) => expectedNextEventId),
    // What never changes is sent for new runs alone.
    column(({ record, isNew }) => (isNew ? record.workflowId : null)),
    column(({ record, isNew }) => (isNew ? record.workflowType : null)),
    column(({ record }) => record.partition),
    column(({ record }) => record.status),
    column(({ record }) => Math.floor(record.startedAtMs)),
    column(({ record }) => wholeOrNull(record.closedAtMs)),
    column(({ record }) => record.nextEventId),
    column(({ record }) => record.historySizeBytes),
    column(({ record }) => wholeOrNull(record.wakeAtMs)),
    column(({ record }) => record.openActivities),
    column(({ record }) => record.openIncidents),
    column(({ record, isNew }) => (isNew ? record.requestFingerprint : null)),
    column(({ record }) => searchAttributesText(record.searchAttributes)),
    column(({ record, isNew }) => (isNew ? JSON.stringify(record.memo) : null)),
    column(({ record }) => optionalText(record.result)),
    column(({ record }) => optionalText(record.failure)),
    column(({ events }) => (events.length === 0 ? null : JSON.stringify(events))),
  ];
}

function detailValues(appends: readonly RunAppend[]): unknown[] {
  const attempts: [string, AttemptRecord][] = [];
  const ended: [string, number][] = [];
  const incidents: [string, Incident][] = [];
  for (const { record, upsertAttempts, deleteAttempts, upsertIncidents } of appends) {
    const deleted = new Set(deleteAttempts);
    // Parts of one statement run in no order: what is deleted must not be written too, and nothing twice.
    const newest = new Map(upsertAttempts.map((attempt) => [attempt.scheduledEventId, attempt]));
    newest.forEach((attempt) => {
      if (!deleted.has(attempt.scheduledEventId)) {
        attempts.push([record.runId, attempt]);
      }
    });
    deleted.forEach((scheduledEventId) => ended.push([record.runId, scheduledEventId]));
    new Map(upsertIncidents.map((incident) => [incident.incidentNumber, incident])).forEach((incident) => incidents.push([record.runId, incident]));
  }
  return [
    attempts.map(([runId]) => runId),
    attempts.map(([, { scheduledEventId }]) => scheduledEventId),
    attempts.map(([, attempt]) => JSON.stringify(attempt)),
    ended.map(([runId]) => runId),
    ended.map(([, scheduledEventId]) => scheduledEventId),
    incidents.map(([runId]) => runId),
    incidents.map(([, { incidentNumber }]) => incidentNumber),
    incidents.map(([, { kind }]) => kind),
    incidents.map(([, { openedAtMs }]) => Math.floor(openedAtMs)),
    incidents.map(([, { resolution }]) => resolution === undefined),
    incidents.map(([, incident]) => JSON.stringify(incident)),
  ];
}

function optionalText(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** A time as Postgres' `bigint` takes it. What is beyond a number's whole range is never, for a timer. */
function wholeOrNull(timeMs: number | undefined): number | null {
  return timeMs === undefined || !(timeMs <= Number.MAX_SAFE_INTEGER) ? null : Math.floor(timeMs);
}

/** `jsonb` refuses NUL and lone surrogates; one such attribute must not cost a whole batch its commit. */
function searchAttributesText(attributes: SearchAttributes): string {
  return JSON.stringify(attributes, (_, value: unknown) =>
    typeof value === 'string' ? value.replace(/\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD') : value,
  );
}
