/** Status of a workflow execution. Temporal's names. */
export type WorkflowExecutionStatus = 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELED' | 'TERMINATED';

/** Whether a run in this status takes no further event. */
export function isClosed(status: WorkflowExecutionStatus): boolean {
  return status !== 'RUNNING';
}
