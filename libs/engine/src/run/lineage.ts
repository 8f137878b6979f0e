import type { HistoryEventAttributes, RunLineage } from '@backstitch/protocol';

type Started = HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED'];

/** Attributes that an ordinary start does not have. */
const SPECIAL = [
  'header',
  'parentWorkflowExecution',
  'rootWorkflowExecution',
  'continuedExecutionRunId',
  'firstExecutionRunId',
  'attempt',
  'retryPolicy',
  'cronSchedule',
  'firstWorkflowTaskBackoffMs',
  'carriedUndos',
  'system',
  'workflowExecutionTimeoutMs',
  'workflowRunTimeoutMs',
  'workflowTaskTimeoutMs',
  'buildId',
] as const satisfies readonly (keyof Started)[];

/** Whether a start says more than an ordinary one. */
export function isSpecialStart(started: Started): boolean {
  for (const key of SPECIAL) {
    if (started[key] !== undefined) {
      return true;
    }
  }
  return false;
}

/** What workflow code is told of where its run comes from. */
export function lineageOf(started: Started, startedAtMs: number): RunLineage {
  const lineage: RunLineage = {};
  set(lineage, 'parent', started.parentWorkflowExecution);
  set(lineage, 'root', started.rootWorkflowExecution);
  set(lineage, 'firstExecutionRunId', started.firstExecutionRunId);
  set(lineage, 'continuedFromRunId', started.continuedExecutionRunId);
  set(lineage, 'attempt', started.attempt);
  set(lineage, 'retryPolicy', started.retryPolicy);
  set(lineage, 'cronSchedule', started.cronSchedule);
  set(lineage, 'firstExecutionStartTimeMs', started.firstExecutionStartTimeMs);
  set(lineage, 'executionExpirationTimeMs', executionExpirationMs(started, startedAtMs));
  set(lineage, 'lastResult', started.lastCompletionResult);
  set(lineage, 'lastFailure', started.continuedFailure);
  set(lineage, 'headers', started.header);
  set(lineage, 'carriedUndos', started.carriedUndos);
  set(lineage, 'workflowExecutionTimeoutMs', started.workflowExecutionTimeoutMs);
  set(lineage, 'workflowRunTimeoutMs', started.workflowRunTimeoutMs);
  set(lineage, 'workflowTaskTimeoutMs', started.workflowTaskTimeoutMs);
  return lineage;
}

/** When the whole chain of runs is given up; undefined without such a limit. */
export function executionExpirationMs(started: Started, startedAtMs: number): number | undefined {
  const { workflowExecutionTimeoutMs, firstExecutionStartTimeMs } = started;
  return workflowExecutionTimeoutMs === undefined ? undefined : (firstExecutionStartTimeMs ?? startedAtMs) + workflowExecutionTimeoutMs;
}

/** When this run is given up, by its own limit or the chain's; undefined without a limit. */
export function runDeadlineMs(started: Started, startedAtMs: number): number | undefined {
  const expirationMs = executionExpirationMs(started, startedAtMs);
  const { workflowRunTimeoutMs, firstWorkflowTaskBackoffMs = 0 } = started;
  // A run's own time begins with its first task.
  const runDeadline = workflowRunTimeoutMs === undefined ? undefined : startedAtMs + firstWorkflowTaskBackoffMs + workflowRunTimeoutMs;
  return expirationMs === undefined || runDeadline === undefined ? (expirationMs ?? runDeadline) : Math.min(expirationMs, runDeadline);
}

function set<K extends keyof RunLineage>(lineage: RunLineage, key: K, value: RunLineage[K] | undefined): void {
  if (value !== undefined) {
    lineage[key] = value;
  }
}
