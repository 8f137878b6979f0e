import type { JsonObject } from './json.js';
import type { ResolvedRetryPolicy } from './retry-policy.js';
import type { SearchAttributes } from './search-attributes.js';

/** What happens to a child when its parent is closed. Temporal's names and meanings. */
export type ParentClosePolicy = 'TERMINATE' | 'ABANDON' | 'REQUEST_CANCEL';

/** What the parent's code sees when it cancels a child. Temporal's names and meanings. */
export type ChildWorkflowCancellationType = 'ABANDON' | 'TRY_CANCEL' | 'WAIT_CANCELLATION_COMPLETED' | 'WAIT_CANCELLATION_REQUESTED';

/** Whether an id that a closed run had may be used again. Temporal's names and meanings. */
export type WorkflowIdReusePolicy = 'ALLOW_DUPLICATE' | 'ALLOW_DUPLICATE_FAILED_ONLY' | 'REJECT_DUPLICATE';

/** What a start does whose id a running workflow has. Temporal's names and meanings. */
export type WorkflowIdConflictPolicy = 'FAIL' | 'USE_EXISTING' | 'TERMINATE_EXISTING';

/** Time-outs of a workflow, and how it is started again when it fails. Absent: no limit, no retry. */
export interface WorkflowDurationOptions {
  /** The whole chain of runs: continued as new, retried, by cron. */
  workflowExecutionTimeoutMs?: number;
  /** One run of the chain. */
  workflowRunTimeoutMs?: number;
  /** One workflow task: recorded; the sandbox's own limit is what is enforced. */
  workflowTaskTimeoutMs?: number;
}

/** Options of a child as they are recorded: resolved, in milliseconds. */
export interface ChildWorkflowOptions extends WorkflowDurationOptions {
  taskQueue: string;
  parentClosePolicy: ParentClosePolicy;
  cancellationType: ChildWorkflowCancellationType;
  workflowIdReusePolicy: WorkflowIdReusePolicy;
  /** Absent: a child that fails is not tried again. */
  retryPolicy?: ResolvedRetryPolicy;
  cronSchedule?: string;
  memo?: JsonObject;
  searchAttributes?: SearchAttributes;
}

/** One run of a workflow id. */
export interface WorkflowExecution {
  workflowId: string;
  runId: string;
}
