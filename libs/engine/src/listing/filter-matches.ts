import { ListFilterInvalidError, type SearchAttributeDefinitions } from '@backstitch/protocol';
import type { RunRecord } from '../ports/history-store.js';
import { readSearchAttribute, refuseOnList, SYSTEM_ATTRIBUTE_READERS, SYSTEM_TEXT_ATTRIBUTES, withoutNul, type SystemAttributeName } from './attribute-values.js';
import type { ComparisonOperator, FilterAttribute, FilterCondition, FilterValue } from './list-filter.js';

/** A run, as a list filter sees it. */
export interface ListedRun {
  record: RunRecord;
  /** As it was started with. Default `default`. */
  taskQueue?: string;
  /** Of a child. */
  parentWorkflowId?: string;
  /** Default: the run's own. */
  rootWorkflowId?: string;
  /** The run is pinned to this build. */
  pinnedBuildId?: string;
}

type Value = string | number | boolean;

/** What a condition compares with, and how its values are read. */
interface Operand {
  attribute: FilterAttribute;
  value: Value | undefined;
  /** Of a list: each value is compared by itself. */
  list?: readonly Value[] | undefined;
  read: (value: FilterValue) => Value;
  isText: boolean;
}

const SYSTEM_VALUES: Record<SystemAttributeName, (run: ListedRun) => Value | undefined> = {
  WorkflowId: ({ record }) => record.workflowId,
  RunId: ({ record }) => record.runId,
  WorkflowType: ({ record }) => record.workflowType,
  TaskQueue: ({ taskQueue }) => taskQueue ?? 'default',
  ExecutionStatus: ({ record }) => record.status,
  StartTime: ({ record }) => record.startedAtMs,
  ExecutionTime: ({ record }) => record.startedAtMs,
  CloseTime: ({ record }) => record.closedAtMs,
  ExecutionDuration: ({ record }) => (record.closedAtMs === undefined ? undefined : record.closedAtMs - record.startedAtMs),
  HistoryLength: ({ record }) => record.nextEventId - 1,
  HistorySizeBytes: ({ record }) => record.historySizeBytes,
  ParentWorkflowId: ({ parentWorkflowId }) => parentWorkflowId,
  RootWorkflowId: ({ record, rootWorkflowId }) => rootWorkflowId ?? record.workflowId,
  OpenIncidents: ({ record }) => record.openIncidents,
  BuildIds: ({ pinnedBuildId }) => pinnedBuildId,
  TemporalWorkflowVersioningBehavior: ({ pinnedBuildId }) => (pinnedBuildId === undefined ? 'AUTO_UPGRADE' : 'PINNED'),
};

/**
 * Whether a run is what a list filter asks for. A comparison with what a run has not got is false, its negation true.
 * @throws ListFilterInvalidError for an attribute that nobody declared, and a value or operator that does not fit it
 */
export function filterMatches(condition: FilterCondition | undefined, run: ListedRun, definitions: SearchAttributeDefinitions): boolean {
  if (condition === undefined) return true;
  const matches = (part: FilterCondition): boolean => filterMatches(part, run, definitions);
  switch (condition.type) {
    // All parts are looked at, so that what is wrong in any of them is told.
    case 'and':
      return condition.parts.map(matches).every(Boolean);
    case 'or':
      return condition.parts.map(matches).some(Boolean);
    case 'not':
      return !matches(condition.part);
    case 'isNull':
      return operandOf(condition.attribute, run, definitions).value === undefined;
    case 'compare':
      return compare(operandOf(condition.attribute, run, definitions), condition.operator, condition.value);
    case 'in': {
      const operand = operandOf(condition.attribute, run, definitions);
      return condition.values.map((value) => compare(operand, '=', value)).some(Boolean);
    }
    case 'between': {
      const operand = operandOf(condition.attribute, run, definitions);
      return [compare(operand, '>=', condition.from), compare(operand, '<=', condition.to)].every(Boolean);
    }
    case 'startsWith':
      return startsWith(operandOf(condition.attribute, run, definitions), condition.attribute, condition.prefix);
    default:
      return condition satisfies never;
  }
}

function operandOf(attribute: FilterAttribute, run: ListedRun, definitions: SearchAttributeDefinitions): Operand {
  const { name, position } = attribute;
  // What a deployment declares goes before the system's own.
  const type = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  if (type !== undefined) {
    const values = run.record.searchAttributes[name] ?? [];
    const [value] = values;
    return { attribute, value, ...(type === 'KeywordList' && { list: values }), read: (of) => readSearchAttribute(type, of), isText: type === 'Keyword' };
  }
  if (isSystemAttribute(name)) {
    return { attribute, value: SYSTEM_VALUES[name](run), read: SYSTEM_ATTRIBUTE_READERS[name], isText: SYSTEM_TEXT_ATTRIBUTES.has(name) };
  }
  throw new ListFilterInvalidError(position, `an attribute that is known here: ${[...Object.keys(definitions), ...Object.keys(SYSTEM_ATTRIBUTE_READERS)].join(', ')}`);
}

function isSystemAttribute(name: string): name is SystemAttributeName {
  return Object.hasOwn(SYSTEM_ATTRIBUTE_READERS, name);
}

function compare({ attribute, value, list, read }: Operand, operator: ComparisonOperator, wanted: FilterValue): boolean {
  const other = read(wanted);
  if (list !== undefined) {
    return operator === '=' ? list.includes(other) : operator === '!=' ? !list.includes(other) : refuseOnList(attribute);
  }
  if (value === undefined) return operator === '!=';
  switch (operator) {
    case '=':
      return value === other;
    case '!=':
      return value !== other;
    case '<':
      return value < other;
    case '<=':
      return value <= other;
    case '>':
      return value > other;
    case '>=':
      return value >= other;
    default:
      return operator satisfies never;
  }
}

function startsWith({ value, isText }: Operand, { position }: FilterAttribute, prefix: FilterValue): boolean {
  if (!isText) throw new ListFilterInvalidError(position, 'an attribute of type Keyword, since STARTS_WITH is asked for');
  if (typeof prefix.value !== 'string') throw new ListFilterInvalidError(prefix.position, 'a text in quotes');
  return typeof value === 'string' && value.startsWith(withoutNul(prefix));
}
