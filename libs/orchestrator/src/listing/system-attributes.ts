import { SYSTEM_ATTRIBUTE_READERS, type FilterValue, type SystemAttributeName } from '@backstitch/engine/list-filter';
import { DEFAULT_TASK_QUEUE } from '../store/lineage.js';

/** An attribute that every run has, as SQL on `execution e`. */
export interface SystemAttribute {
  sql: string;
  type: string;
  textSql?: string;
  /** A filter's value as a parameter; undefined: no run can have it. @throws ListFilterInvalidError */
  read: (value: FilterValue) => unknown;
  equals?: (parameter: string) => string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const readRunId = (value: FilterValue): string | undefined => {
  const text = SYSTEM_ATTRIBUTE_READERS.RunId(value);
  return UUID.test(text) ? text : undefined;
};

/** Two partial indexes together hold every workflow id: those of current runs, and those of earlier ones. */
const workflowIdEquals = (parameter: string): string => `((e.workflow_id = ${parameter} AND e.is_current) OR (e.workflow_id = ${parameter} AND NOT e.is_current))`;

const text = (sql: string, name: SystemAttributeName): SystemAttribute => ({ sql, type: 'text', textSql: sql, read: SYSTEM_ATTRIBUTE_READERS[name] });
const number = (sql: string, name: SystemAttributeName, type = 'bigint'): SystemAttribute => ({ sql, type, read: SYSTEM_ATTRIBUTE_READERS[name] });

/** The attributes that every run has, as SQL. */
export const SYSTEM_ATTRIBUTES: Readonly<Record<SystemAttributeName, SystemAttribute>> = {
  WorkflowId: { ...text('e.workflow_id', 'WorkflowId'), equals: workflowIdEquals },
  RunId: { sql: 'e.run_id', type: 'uuid', read: readRunId },
  WorkflowType: text('e.workflow_type', 'WorkflowType'),
  TaskQueue: text(`coalesce(e.task_queue, '${DEFAULT_TASK_QUEUE}')`, 'TaskQueue'),
  ExecutionStatus: { sql: 'e.status', type: 'text', read: SYSTEM_ATTRIBUTE_READERS.ExecutionStatus },
  StartTime: number('e.started_at_ms', 'StartTime'),
  ExecutionTime: number('e.started_at_ms', 'ExecutionTime'),
  CloseTime: number('e.closed_at_ms', 'CloseTime'),
  ExecutionDuration: number('(e.closed_at_ms - e.started_at_ms)', 'ExecutionDuration'),
  HistoryLength: number('(e.next_event_id - 1)', 'HistoryLength'),
  HistorySizeBytes: number('e.history_size_bytes', 'HistorySizeBytes'),
  ParentWorkflowId: text('e.parent_workflow_id', 'ParentWorkflowId'),
  RootWorkflowId: {
    ...text('coalesce(e.root_workflow_id, e.workflow_id)', 'RootWorkflowId'),
    equals: (parameter) => `(e.root_workflow_id = ${parameter} OR (e.root_workflow_id IS NULL AND ${workflowIdEquals(parameter)}))`,
  },
  OpenIncidents: number('e.open_incidents', 'OpenIncidents', 'integer'),
  BuildIds: text('e.build_id', 'BuildIds'),
  TemporalWorkflowVersioningBehavior: {
    sql: `CASE WHEN e.build_id IS NULL THEN 'AUTO_UPGRADE' ELSE 'PINNED' END`,
    type: 'text',
    read: SYSTEM_ATTRIBUTE_READERS.TemporalWorkflowVersioningBehavior,
  },
};
