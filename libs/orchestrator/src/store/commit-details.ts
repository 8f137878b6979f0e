import type { AttemptRecord, RunAppend } from '@backstitch/engine';
import type { Incident } from '@backstitch/protocol';
import { SCHEMA } from './schema.js';

/** Whether an append changes more than its run and its history. */
export function hasDetails({ upsertAttempts, deleteAttempts, upsertIncidents }: RunAppend): boolean {
  return upsertAttempts.length + deleteAttempts.length + upsertIncidents.length > 0;
}

/** How many values {@link detailValues} gives. */
export const DETAIL_PARAMETERS = 11;

/**
 * Attempts and incidents of the runs in `passed`. Attempts change without events, so the fence does not guard them: a writer whose copy is old must
 * not put them back.
 * @param first number of the first of {@link DETAIL_PARAMETERS} parameters
 */
export function detailParts(first: number): string[] {
  const parameter = (index: number): string => `$${first + index}`;
  return [
    `attempts_changed AS (
  INSERT INTO ${SCHEMA}.attempt AS t (run_id, scheduled_event_id, record)
  SELECT a.run_id, a.scheduled_event_id, a.record::json
  FROM unnest(${parameter(0)}::uuid[], ${parameter(1)}::integer[], ${parameter(2)}::text[]) AS a(run_id, scheduled_event_id, record)
  JOIN passed p ON p.run_id = a.run_id
  ON CONFLICT (run_id, scheduled_event_id) DO UPDATE SET record = excluded.record
    WHERE ((t.record->>'attempt')::integer, (t.record->>'dispatch')::integer) <= ((excluded.record->>'attempt')::integer, (excluded.record->>'dispatch')::integer)
)`,
    `attempts_ended AS (
  DELETE FROM ${SCHEMA}.attempt t USING unnest(${parameter(3)}::uuid[], ${parameter(4)}::integer[]) AS d(run_id, scheduled_event_id), passed p
  WHERE t.run_id = d.run_id AND t.scheduled_event_id = d.scheduled_event_id AND p.run_id = d.run_id
)`,
    `incidents_changed AS (
  INSERT INTO ${SCHEMA}.incident (run_id, incident_number, kind, opened_at_ms, is_open, incident)
  SELECT n.run_id, n.incident_number, n.kind, n.opened_at_ms, n.is_open, n.incident::json
  FROM unnest(${parameter(5)}::uuid[], ${parameter(6)}::integer[], ${parameter(7)}::text[], ${parameter(8)}::bigint[], ${parameter(9)}::boolean[], ${parameter(10)}::text[])
    AS n(run_id, incident_number, kind, opened_at_ms, is_open, incident) JOIN passed p ON p.run_id = n.run_id
  ON CONFLICT (run_id, incident_number) DO UPDATE
    SET kind = excluded.kind, opened_at_ms = excluded.opened_at_ms, is_open = excluded.is_open, incident = excluded.incident
)`,
  ];
}

export function detailValues(appends: readonly RunAppend[]): unknown[] {
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
