import type { StartWorkflowRequest, WorkflowExecutionStatus } from '@backstitch/protocol';

/** The run that has the workflow id. */
export interface ExistingRun {
  runId: string;
  status: WorkflowExecutionStatus;
  requestFingerprint: string;
}

export type StartDecision =
  /** It is the run that was asked for. */
  | 'existing'
  | 'conflict'
  /** It has closed; a new run takes its place. */
  | 'replace'
  /** It is running; it is terminated, and a new run takes its place. */
  | 'terminate';

/** What becomes of a start whose workflow id another run has. */
export function decideStart(request: StartWorkflowRequest, requestFingerprint: string, existing: ExistingRun): StartDecision {
  const isSame = existing.requestFingerprint === requestFingerprint;
  if (existing.status === 'RUNNING') {
    return isSame ? 'existing' : decideRunning(request);
  }
  // The caller's own fingerprint says that it is the same request; type and arguments alone do not.
  const isRepeated = isSame && request.requestFingerprint !== undefined;
  const { workflowIdReusePolicy = 'REJECT_DUPLICATE' } = request;
  switch (workflowIdReusePolicy) {
    case 'REJECT_DUPLICATE':
      return isSame ? 'existing' : 'conflict';
    case 'ALLOW_DUPLICATE':
      return isRepeated ? 'existing' : 'replace';
    case 'ALLOW_DUPLICATE_FAILED_ONLY':
      if (isRepeated) {
        return 'existing';
      }
      return existing.status === 'COMPLETED' || existing.status === 'CONTINUED_AS_NEW' ? 'conflict' : 'replace';
    default: {
      const never: never = workflowIdReusePolicy;
      return never;
    }
  }
}

function decideRunning({ signal, workflowIdConflictPolicy = signal === undefined ? 'FAIL' : 'USE_EXISTING' }: StartWorkflowRequest): StartDecision {
  switch (workflowIdConflictPolicy) {
    case 'FAIL':
      return 'conflict';
    case 'USE_EXISTING':
      return 'existing';
    case 'TERMINATE_EXISTING':
      return 'terminate';
    default: {
      const never: never = workflowIdConflictPolicy;
      return never;
    }
  }
}

/** What makes the signal of a repeated signal-with-start the same one; undefined where the caller names no request. */
export function signalRequestId({ requestFingerprint }: StartWorkflowRequest): string | undefined {
  return requestFingerprint === undefined ? undefined : `start ${requestFingerprint}`;
}
