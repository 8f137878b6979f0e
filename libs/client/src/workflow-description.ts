import type { SearchAttributes, WorkflowDescription, WorkflowExecution, WorkflowExecutionStatus, WorkflowSummary } from '@backstitch/protocol';
import type { Payloads } from './payloads.js';
import { DETAILS_MEMO, SUMMARY_MEMO } from './workflow-options.js';

/** Temporal's names for the states of a workflow, with the numbers that they have there. */
const STATUS_CODES: Record<WorkflowExecutionStatus, number> = { RUNNING: 1, COMPLETED: 2, FAILED: 3, CANCELED: 4, TERMINATED: 5, CONTINUED_AS_NEW: 6, TIMED_OUT: 7 };
export type WorkflowExecutionStatusName = Exclude<WorkflowExecutionStatus, 'CANCELED'> | 'CANCELLED';

/** One workflow of a list. */
export interface WorkflowExecutionInfo {
  type: string;
  workflowId: string;
  runId: string;
  status: { code: number; name: WorkflowExecutionStatusName };
  startTime: Date;
  closeTime?: Date;
  memo: Record<string, unknown>;
  searchAttributes: SearchAttributes;
  openIncidents: number;
  parentExecution?: WorkflowExecution;
  rootExecution?: WorkflowExecution;
  /** As the orchestrator answered it. */
  raw: WorkflowSummary;
}

/** All that is told of one workflow. */
export interface WorkflowExecutionDescription extends WorkflowExecutionInfo {
  taskQueue: string;
  historyLength: number;
  historySize: number;
  executionTime: Date;
  raw: WorkflowDescription;
  staticSummary(): Promise<string | undefined>;
  staticDetails(): Promise<string | undefined>;
}

export async function toExecutionInfo(summary: WorkflowSummary, payloads: Payloads): Promise<WorkflowExecutionInfo> {
  const { workflowId, runId, workflowType, status, startedAtMs, closedAtMs, openIncidents, searchAttributes } = summary;
  const { [SUMMARY_MEMO]: _summary, [DETAILS_MEMO]: _details, ...memo } = await payloads.decodeFields(summary.memo);
  return {
    type: workflowType,
    workflowId,
    runId,
    status: { code: STATUS_CODES[status], name: status === 'CANCELED' ? 'CANCELLED' : status },
    startTime: new Date(startedAtMs),
    ...(closedAtMs !== undefined && { closeTime: new Date(closedAtMs) }),
    memo,
    searchAttributes,
    openIncidents,
    raw: summary,
  };
}

export async function toExecutionDescription(description: WorkflowDescription, payloads: Payloads): Promise<WorkflowExecutionDescription> {
  const { parent, root, taskQueue, historyEvents, historySizeBytes, startedAtMs, memo } = description;
  const note = (name: string): Promise<string | undefined> => payloads.decodeDetail<string | undefined>(memo[name]);
  return {
    ...(await toExecutionInfo(description, payloads)),
    taskQueue: taskQueue ?? '',
    historyLength: historyEvents,
    historySize: historySizeBytes,
    executionTime: new Date(startedAtMs),
    ...(parent !== undefined && { parentExecution: parent }),
    ...(root !== undefined && { rootExecution: root }),
    raw: description,
    staticSummary: () => note(SUMMARY_MEMO),
    staticDetails: () => note(DETAILS_MEMO),
  };
}
