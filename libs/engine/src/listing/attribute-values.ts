import { ListFilterInvalidError, type SearchAttributeType, type WorkflowExecutionStatus } from '@backstitch/protocol';
import type { FilterAttribute, FilterValue } from './list-filter.js';

const readText = ({ value, position }: FilterValue): string => {
  if (typeof value === 'string' && !value.includes('\0')) return value;
  throw new ListFilterInvalidError(position, 'a text in quotes');
};
const readInteger = ({ value, position }: FilterValue): number => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new ListFilterInvalidError(position, 'a whole number');
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

const VERSIONING_BEHAVIORS: Record<string, 'PINNED' | 'AUTO_UPGRADE'> = { pinned: 'PINNED', autoupgrade: 'AUTO_UPGRADE' };

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

/** How a run goes over to newer builds of its code, as Temporal writes it, in whatever case, with or without underscores. */
const readVersioningBehavior = ({ value, position }: FilterValue): 'PINNED' | 'AUTO_UPGRADE' => {
  const behavior = typeof value === 'string' ? VERSIONING_BEHAVIORS[value.toLowerCase().replaceAll('_', '')] : undefined;
  if (behavior === undefined) throw new ListFilterInvalidError(position, "one of 'Pinned', 'AutoUpgrade'");
  return behavior;
};

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

/** Reads a filter's value as one of an attribute. @throws ListFilterInvalidError */
export type AttributeReader = (value: FilterValue) => string | number;

/** The attributes that every run has, and how their values are written. Temporal's names; `OpenIncidents` is ours. `BuildIds` is the build that a pinned run is pinned to. */
export const SYSTEM_ATTRIBUTE_READERS = {
  WorkflowId: readText,
  RunId: readText,
  WorkflowType: readText,
  TaskQueue: readText,
  ExecutionStatus: readStatus,
  StartTime: readTime,
  ExecutionTime: readTime,
  CloseTime: readTime,
  ExecutionDuration: readDuration,
  HistoryLength: readInteger,
  HistorySizeBytes: readInteger,
  ParentWorkflowId: readText,
  RootWorkflowId: readText,
  OpenIncidents: readInteger,
  BuildIds: readText,
  TemporalWorkflowVersioningBehavior: readVersioningBehavior,
} as const satisfies Record<string, AttributeReader>;

export type SystemAttributeName = keyof typeof SYSTEM_ATTRIBUTE_READERS;

/** System attributes that are texts: STARTS_WITH may ask for them. */
export const SYSTEM_TEXT_ATTRIBUTES: ReadonlySet<string> = new Set<SystemAttributeName>(['WorkflowId', 'WorkflowType', 'TaskQueue', 'ParentWorkflowId', 'RootWorkflowId', 'BuildIds']);

/** A filter's value as one of a search attribute of that type. @throws ListFilterInvalidError */
export function readSearchAttribute(type: SearchAttributeType, filterValue: FilterValue): string | number | boolean {
  const { value, position } = filterValue;
  switch (type) {
    case 'Keyword':
    case 'KeywordList':
      if (typeof value === 'string') return withoutNul(filterValue);
      throw new ListFilterInvalidError(position, 'a text in quotes');
    case 'Int':
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
      throw new ListFilterInvalidError(position, 'a whole number');
    case 'Double':
      if (typeof value === 'number') return value;
      throw new ListFilterInvalidError(position, 'a number');
    case 'Bool':
      if (typeof value === 'boolean') return value;
      throw new ListFilterInvalidError(position, 'true or false');
    case 'Datetime': {
      const timeMs = typeof value === 'string' ? Date.parse(value) : NaN;
      if (Number.isFinite(timeMs)) return new Date(timeMs).toISOString();
      throw new ListFilterInvalidError(position, "a time such as '2026-01-31T12:00:00Z'");
    }
    default:
      return type satisfies never;
  }
}

/** A list is compared value by value: whether it has one, or not. */
export function refuseOnList({ position }: FilterAttribute): never {
  throw new ListFilterInvalidError(position, 'an attribute that is no KeywordList: a list takes =, !=, IN and IS NULL');
}

/** A text that a database can hold: Postgres has no text with NUL in it. @throws ListFilterInvalidError */
export function withoutNul({ value, position }: FilterValue): string {
  const text = String(value);
  if (text.includes('\0')) throw new ListFilterInvalidError(position, 'a text without NUL');
  return text;
}
