import type { RunAppend } from '@backstitch/engine';
import type { SearchAttributes } from '@backstitch/protocol';
import { binaryArray, type ArrayElement, type ArrayElementType } from './binary-array.js';
import { lineageOf } from './lineage.js';
import { DETAIL_PARAMETERS, detailParts, detailValues, hasDetails } from './commit-details.js';
import type { Statement } from './database.js';
import { SCHEMA } from './schema.js';

/** One row: how many appends passed their fence and, if not all of them did, which. */
export interface CommitAnswer {
  passed: number;
  run_ids: string[] | null;
}

/** A column of the rows that a statement takes in: its name there, its type, and its value for one append. */
type Column = [name: string, type: ArrayElementType, read: (append: RunAppend) => ArrayElement];

/** What changes with every append. */
const CHANGING: readonly Column[] = [
  ['run_id', 'uuid', ({ record }) => record.runId],
  ['status', 'text', ({ record }) => record.status],
  ['closed_at_ms', 'int8', ({ record }) => wholeOrNull(record.closedAtMs)],
  ['next_event_id', 'int4', ({ record }) => record.nextEventId],
  ['history_size_bytes', 'int8', ({ record }) => record.historySizeBytes],
  ['wake_at_ms', 'int8', ({ record }) => wholeOrNull(record.wakeAtMs)],
  ['open_activities', 'int4', ({ record }) => record.openActivities],
  ['open_incidents', 'int4', ({ record }) => record.openIncidents],
  ['search_attributes', 'text', ({ record }) => searchAttributesText(record.searchAttributes)],
  ['result', 'json', ({ record }) => optionalText(record.result)],
  ['failure', 'json', ({ record }) => optionalText(record.failure)],
];

const MEMO: Column = ['memo', 'json', ({ record }) => JSON.stringify(record.memo)];

/** What a run is created with and keeps. */
const LASTING: readonly Column[] = [
  ['workflow_id', 'text', ({ record }) => record.workflowId],
  ['workflow_type', 'text', ({ record }) => record.workflowType],
  ['partition', 'int2', ({ record }) => record.partition],
  ['started_at_ms', 'int8', ({ record }) => Math.floor(record.startedAtMs)],
  ['request_fingerprint', 'text', ({ record }) => record.requestFingerprint],
  MEMO,
];

/** What few runs change or have. Statements have these columns only where a run of the batch does, so that the others pay nothing. */
const OPEN_CALLS: Column = ['open_calls', 'int4', ({ record }) => record.openCalls ?? 0];
const LINEAGE: readonly Column[] = [
  ['parent_workflow_id', 'text', (append) => lineageOf(append)?.parentWorkflowId ?? null],
  ['root_workflow_id', 'text', (append) => lineageOf(append)?.rootWorkflowId ?? null],
  ['first_run_id', 'uuid', (append) => lineageOf(append)?.firstRunId ?? null],
  ['build_id', 'text', (append) => lineageOf(append)?.buildId ?? null],
  ['task_queue', 'text', (append) => lineageOf(append)?.taskQueue ?? null],
];

const EXPECTED: Column = ['expected_event_id', 'int4', ({ expectedNextEventId }) => expectedNextEventId];
const EVENTS: Column = ['events', 'json', ({ events, eventsJson }) => (events.length === 0 ? null : (eventsJson ?? JSON.stringify(events)))];

function continuationColumns({ rare }: Shape): readonly Column[] {
  return rare ? [...CHANGING, OPEN_CALLS, MEMO, EXPECTED, EVENTS] : CONTINUATION_COLUMNS;
}

function createdColumns({ rare, lineage }: Shape): readonly Column[] {
  return [...CHANGING, ...(rare ? [OPEN_CALLS] : []), ...LASTING, ...(lineage ? LINEAGE : [])];
}

function creationColumns(shape: Shape): readonly Column[] {
  return shape.rare || shape.lineage ? [...createdColumns(shape), EVENTS] : CREATION_COLUMNS;
}

const CONTINUATION_COLUMNS = [...CHANGING, EXPECTED, EVENTS];
const CREATION_COLUMNS = [...CHANGING, ...LASTING, EVENTS];

/**
 * Runs that go on. Compares the fence; a row that changed while its lock was awaited is compared again as it is now, so that its stale writer
 * changes nothing. Locks are taken in order of run id, in which the rows come in, and which a nested loop over the primary key keeps (see
 * {@link Database}): two batches that share runs wait for each other instead of blocking each other for good. Another plan would cost a deadlock,
 * which is tried again.
 */
function continuedPart(firstParameter: number, shape: Shape): string {
  return `continued AS (
  UPDATE ${SCHEMA}.execution e
  SET status = i.status, closed_at_ms = i.closed_at_ms, next_event_id = i.next_event_id, history_size_bytes = i.history_size_bytes,
      wake_at_ms = i.wake_at_ms, open_activities = i.open_activities, open_incidents = i.open_incidents,
      search_attributes = i.search_attributes::jsonb, result = i.result, failure = i.failure,${shape.rare ? ' open_calls = i.open_calls, memo = i.memo,' : ''} updated_at = now()
  FROM ${rowsOf(continuationColumns(shape), firstParameter)}
  WHERE e.run_id = i.run_id AND e.next_event_id = i.expected_event_id
  RETURNING e.run_id, i.expected_event_id AS first_event_id, i.next_event_id - 1 AS last_event_id, i.events
)`;
}

/** Runs that begin, in order of workflow id, and after the locks of those that go on. */
function createdPart(firstParameter: number, shape: Shape): string {
  const columns = createdColumns(shape).map(([name]) => name);
  return `beginning AS MATERIALIZED (
  SELECT i.* FROM ${rowsOf(creationColumns(shape), firstParameter)}${shape.continues ? ' WHERE (SELECT count(*) FROM continued) >= 0' : ''}
), created AS (
  INSERT INTO ${SCHEMA}.execution (${columns.join(', ')})
  SELECT ${columns.map((name) => (name === 'search_attributes' ? 'search_attributes::jsonb' : name)).join(', ')} FROM beginning
  ON CONFLICT DO NOTHING
  RETURNING run_id
)`;
}

const CONTINUED_EVENTS = 'SELECT run_id, first_event_id, last_event_id, events FROM continued WHERE events IS NOT NULL';
const CREATED_EVENTS = 'SELECT b.run_id, 1, b.next_event_id - 1, b.events FROM beginning b JOIN created c ON c.run_id = b.run_id WHERE b.events IS NOT NULL';

/**
 * One statement, and so one transaction, for many runs' appends: of the parts that they need, since each part costs a lone append as much as its row.
 * Answers one {@link CommitAnswer}.
 */
export function commitStatement(appends: readonly RunAppend[]): Statement {
  const continuations = sorted(appends.filter(({ isNew }) => !isNew), ({ record }) => record.runId);
  const creations = sorted(appends.filter(({ isNew }) => isNew), ({ record }) => record.workflowId);
  const shape = {
    continues: continuations.length > 0,
    creates: creations.length > 0,
    details: appends.some(hasDetails),
    rare: appends.some(({ record, memoChanged }) => record.openCalls !== undefined || memoChanged === true),
    lineage: creations.some((append) => lineageOf(append) !== undefined),
  };
  return {
    ...statementOf(shape),
    values: [
      ...(shape.continues ? valuesOf(continuationColumns(shape), continuations) : []),
      ...(shape.creates ? valuesOf(creationColumns(shape), creations) : []),
      ...(shape.details ? detailValues(appends) : []),
      appends.length,
    ],
  };
}

interface Shape {
  continues: boolean;
  creates: boolean;
  details: boolean;
  rare: boolean;
  lineage: boolean;
}

const statements = new Map<string, Statement>();

/** The text for appends of that shape, composed once. */
function statementOf(shape: Shape): Statement {
  const name = `backstitch_commit${shape.continues ? '_continue' : ''}${shape.creates ? '_create' : ''}${shape.details ? '_details' : ''}${shape.rare ? '_rare' : ''}${shape.lineage ? '_lineage' : ''}`;
  let statement = statements.get(name);
  if (statement === undefined) {
    statement = { name, text: textOf(shape) };
    statements.set(name, statement);
  }
  return statement;
}

function textOf(shape: Shape): string {
  const { continues, creates, details } = shape;
  const parts: string[] = [];
  const passed: string[] = [];
  const events: string[] = [];
  let parameter = 1;
  if (continues) {
    parts.push(continuedPart(parameter, shape));
    passed.push('SELECT run_id FROM continued');
    events.push(CONTINUED_EVENTS);
    parameter += continuationColumns(shape).length;
  }
  if (creates) {
    parts.push(createdPart(parameter, shape));
    passed.push('SELECT run_id FROM created');
    events.push(CREATED_EVENTS);
    parameter += creationColumns(shape).length;
  }
  parts.push(`passed AS (${passed.join(' UNION ALL ')})`);
  parts.push(`appended AS (INSERT INTO ${SCHEMA}.history (run_id, first_event_id, last_event_id, events) ${events.join(' UNION ALL ')})`);
  if (details) {
    parts.push(...detailParts(parameter));
    parameter += DETAIL_PARAMETERS;
  }
  return `WITH ${parts.join(', ')}
SELECT count(*)::integer AS passed, CASE WHEN count(*) < $${parameter}::integer THEN array_agg(run_id::text) END AS run_ids FROM passed`;
}

function rowsOf(columns: readonly Column[], firstParameter: number): string {
  const parameters = columns.map(([, type], index) => `$${firstParameter + index}::${type}[]`);
  return `unnest(${parameters.join(', ')}) AS i(${columns.map(([name]) => name).join(', ')})`;
}

function valuesOf(columns: readonly Column[], appends: readonly RunAppend[]): Buffer[] {
  return columns.map(([, type, read]) => binaryArray(type, appends.map(read)));
}

function sorted(appends: RunAppend[], key: (append: RunAppend) => string): RunAppend[] {
  return appends.sort((a, b) => (key(a) < key(b) ? -1 : 1));
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
  const text = JSON.stringify(attributes);
  // JSON.stringify writes both as escapes, so that nearly every text is known to have neither.
  return text.includes('\\u') ? JSON.stringify(attributes, (_, value: unknown) => (typeof value === 'string' ? value.replace(REFUSED_BY_JSONB, '\uFFFD') : value)) : text;
}

const REFUSED_BY_JSONB = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
