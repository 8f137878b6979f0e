/** Status of a workflow execution. Temporal's names. */
export type WorkflowExecutionStatus = 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELED' | 'TERMINATED' | 'TIMED_OUT' | 'CONTINUED_AS_NEW';

/** Whether a run in this status takes no further event. */
export function isClosed(status: WorkflowExecutionStatus): boolean {
  return status !== 'RUNNING';
}

/** How far an update has come. Temporal's names. */
export type WorkflowUpdateStage = 'ACCEPTED' | 'COMPLETED';
