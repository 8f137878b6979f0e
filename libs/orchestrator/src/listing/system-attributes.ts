import { ListFilterInvalidError, type WorkflowExecutionStatus } from '@backstitch/protocol';
import type { FilterValue } from './list-filter.js';

/** An attribute that every run has, as SQL on `execution e`. */
export interface SystemAttribute {
  sql: string;
  type: string;
  textSql?: string;
  /** A filter's value as a parameter; undefined: no run can have it. @throws ListFilterInvalidError */
  read: (value: FilterValue) => unknown;
  equals?: (parameter: string) => string;
}

const readText = ({ value, position }: FilterValue): string => {
  if (typeof value === 'string' && !value.includes('\0')) return value;
  throw new ListFilterInvalidError(position, 'a text in quotes');
};
const readInteger = ({ value, position }: FilterValue): number => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new ListFilterInvalidError(position, 'a whole number');
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const readRunId = (value: FilterValue): string | undefined => {
  const text = readText(value);
  return UUID.test(text) ? text : undefined;
};

const STATUSES: Record<string, WorkflowExecutionStatus> = {
  running: 'RUNNING',
  completed: 'COMPLETED',
  failed: 'FAILED',
  canceled: 'CANCELED',
  cancelled: 'CANCELED',
  terminated: 'TERMINATED',
  timedout: 'TIMED_OUT',
  continuedasnew: 'CONTINUED_AS_NEW',
};

/** A status as Temporal writes it, in whatever case, with or without underscores. */
const readStatus = ({ value, position }: FilterValue): WorkflowExecutionStatus => {
  const status = typeof value === 'string' ? STATUSES[value.toLowerCase().replaceAll('_', '')] : undefined;
  if (status === undefined) throw new ListFilterInvalidError(position, "one of 'Running', 'Completed', 'Failed', 'Canceled', 'Terminated', 'TimedOut', 'ContinuedAsNew'");
  return status;
};

/** A status as Temporal writes it in lists. */
export function statusName(status: WorkflowExecutionStatus): string {
  return status.toLowerCase().replaceAll(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
}

const NANOSECONDS_PER_MS = 1_000_000;

/** A time as text, or as Temporal's number of nanoseconds since the epoch; in milliseconds. */
const readTime = ({ value, position }: FilterValue): number => {
  const timeMs = typeof value === 'string' ? Date.parse(value) : typeof value === 'number' ? value / NANOSECONDS_PER_MS : NaN;
  if (!Number.isFinite(timeMs)) throw new ListFilterInvalidError(position, "a time such as '2026-01-31T12:00:00Z'");
  return Math.floor(timeMs);
};

const UNIT_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+$/;
const CLOCK_DURATION = /^(\d+):([0-5]\d):([0-5]\d)$/;

/** A duration as `'1h30m'` or `'01:30:00'`, or as a number of nanoseconds; in milliseconds. */
const readDuration = ({ value, position }: FilterValue): number => {
  if (typeof value === 'number') return Math.floor(value / NANOSECONDS_PER_MS);
  const text = String(value);
  const clock = CLOCK_DURATION.exec(text);
  if (clock !== null) return (Number(clock[1]) * 3_600 + Number(clock[2]) * 60 + Number(clock[3])) * 1_000;
  if (!DURATION.test(text)) throw new ListFilterInvalidError(position, "a duration such as '1h30m' or '01:30:00'");
  let sumMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g)) sumMs += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  return Math.floor(sumMs);
};

/** Two partial indexes together hold every workflow id: those of current runs, and those of earlier ones. */
const workflowIdEquals = (parameter: string): string => `((e.workflow_id = ${parameter} AND e.is_current) OR (e.workflow_id = ${parameter} AND NOT e.is_current))`;

const startTime: SystemAttribute = { sql: 'e.started_at_ms', type: 'bigint', read: readTime };

/** The attributes that every run has. Temporal's names; `OpenIncidents` is ours. */
export const SYSTEM_ATTRIBUTES: Readonly<Record<string, SystemAttribute>> = {
  WorkflowId: { sql: 'e.workflow_id', type: 'text', textSql: 'e.workflow_id', read: readText, equals: workflowIdEquals },
  RunId: { sql: 'e.run_id', type: 'uuid', read: readRunId },
  WorkflowType: { sql: 'e.workflow_type', type: 'text', textSql: 'e.workflow_type', read: readText },
  ExecutionStatus: { sql: 'e.status', type: 'text', read: readStatus },
  StartTime: startTime,
  ExecutionTime: startTime,
  CloseTime: { sql: 'e.closed_at_ms', type: 'bigint', read: readTime },
  ExecutionDuration: { sql: '(e.closed_at_ms - e.started_at_ms)', type: 'bigint', read: readDuration },
  HistoryLength: { sql: '(e.next_event_id - 1)', type: 'bigint', read: readInteger },
  HistorySizeBytes: { sql: 'e.history_size_bytes', type: 'bigint', read: readInteger },
  ParentWorkflowId: { sql: 'e.parent_workflow_id', type: 'text', textSql: 'e.parent_workflow_id', read: readText },
  RootWorkflowId: {
    sql: 'coalesce(e.root_workflow_id, e.workflow_id)',
    type: 'text',
    textSql: 'coalesce(e.root_workflow_id, e.workflow_id)',
    read: readText,
    equals: (parameter) => `(e.root_workflow_id = ${parameter} OR (e.root_workflow_id IS NULL AND ${workflowIdEquals(parameter)}))`,
  },
  OpenIncidents: { sql: 'e.open_incidents', type: 'integer', read: readInteger },
};
