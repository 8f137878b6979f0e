import type {
  ChildWorkflowOptions,
  ExternalCallFailureCause,
  Failure,
  Headers,
  JsonValue,
  RetryState,
  WorkflowExecution,
} from '@backstitch/protocol';

/** Which call of which run this is: the same one again takes effect once. */
export interface RunCallOrigin {
  /** The run that calls. */
  sender: WorkflowExecution;
  /** The event of its history that says so. */
  initiatedEventId: number;
}

/** The run that is called: any run of that id, or the newest one. */
interface RunCallTarget {
  workflowId: string;
  runId?: string;
}

/** What one run wants of another. Plain JSON. Routed by `workflowId`, the called run's. */
export type RunCall =
  | (RunCallOrigin & {
      type: 'startChild';
      workflowId: string;
      /** Fixed by the sender's history: a repeated start finds it taken by itself. */
      runId: string;
      workflowType: string;
      args: JsonValue[];
      options: ChildWorkflowOptions;
      headers?: Headers;
      root: WorkflowExecution;
      traceparent?: string;
      /** The build that the parent is pinned to: the child is pinned to it too. */
      pinnedBuildId?: string;
    })
  | (RunCallOrigin & RunCallTarget & { type: 'signal'; signalName: string; args: JsonValue[]; headers?: Headers; childWorkflowOnly?: boolean })
  | (RunCallOrigin & RunCallTarget & { type: 'cancel'; reason?: string; childWorkflowOnly?: boolean })
  /** Parent close policy TERMINATE. `rollback`: the child's open undos are run; so unless somebody has terminated the parent without. */
  | (RunCallOrigin & RunCallTarget & { type: 'terminate'; reason: string; childWorkflowOnly: true; rollback?: true })
  /** Whether the child that this run began (or the run that followed it) has closed. */
  | (RunCallOrigin & { type: 'askChild'; workflowId: string; runId: string })
  /** A child tells its parent, whose run is `runId`, how it ended; `sender` is the child's last run. */
  | (RunCallOrigin & { type: 'childClosed'; workflowId: string; runId: string; closing: ChildClosing });

/** How a child ended. */
export type ChildClosing =
  | { status: 'COMPLETED'; result: JsonValue }
  | { status: 'FAILED'; failure: Failure; retryState: RetryState }
  | { status: 'CANCELED'; details?: JsonValue[] }
  | { status: 'TIMED_OUT'; retryState: RetryState }
  | { status: 'TERMINATED' };

export type RunCallAnswer =
  /** It stands in the called run's history, or did before, or does not matter any more. */
  | { status: 'done'; runId?: string }
  | { status: 'failed'; cause: ExternalCallFailureCause | 'WORKFLOW_ALREADY_EXISTS' | 'WORKFLOW_TYPE_UNKNOWN' }
  /** askChild: it is running. */
  | { status: 'open' }
  /** askChild. */
  | { status: 'closed'; execution: WorkflowExecution; closing: ChildClosing };

/**
 * Carries calls from run to run. Made after the commit that records the call; so a call may be made again, and every call is idempotent.
 *
 * Guarantees: answers in the order of the calls, each after the commit that makes it true. Rejects, within a few seconds at most, if a called run's
 * holder or the store cannot be reached; calls of one `send` may then have taken effect or not.
 *
 * Does not promise: any order between two calls of `send`.
 */
export interface RunMessenger {
  send(calls: readonly RunCall[]): Promise<RunCallAnswer[]>;
}

