import type {
  ActivityAction,
  ActivityActionRequest,
  ActivityHeartbeatResponse,
  ActivityOutcome,
  Headers,
  IncidentAction,
  JsonValue,
  PauseWorkflowRequest,
  ResetWorkflowRequest,
  ResetWorkflowResponse,
  ResolveIncidentRequest,
  StartWorkflowRequest,
  StartWorkflowResult,
  TerminateWorkflowResponse,
  UpdateWithStartRequest,
  UpdateWithStartResponse,
  UpdateWorkflowRequest,
  UpdateWorkflowResponse,
  WorkflowDescription,
} from '@backstitch/protocol';
import type { RunCall, RunCallAnswer } from './ports/run-messenger.js';
import type { ServiceNote } from './service-note.js';

/** What may go along with a signal. */
export interface SignalOptions {
  /** Default: the newest run. */
  runId?: string;
  headers?: Headers;
  /** The same one again is recorded once. */
  requestId?: string;
}

export interface QueryOptions {
  /** Default: the newest run. */
  runId?: string;
  headers?: Headers;
}

export interface TerminateOptions {
  /** Default: the newest run. */
  runId?: string;
  details?: JsonValue[];
  /** Undoes what was done: a linked system run starts in the same transaction. Default false. */
  rollback?: boolean;
}

/**
 * What the host (libs/orchestrator, libs/testing) does with an engine. Every promise resolves after the commit that makes its answer true.
 * A call that names no run is for the workflow id's newest one. Errors are the ControlApiError classes of `@backstitch/protocol`.
 */
export interface EngineSurface {
  /** Each start succeeds or fails alone; results in order. Rejects as a whole only with OverloadedError or StoreUnavailableError. */
  start(requests: readonly StartWorkflowRequest[]): Promise<StartWorkflowResult[]>;
  signal(workflowId: string, signalName: string, args: JsonValue[], identity?: string, options?: SignalOptions): Promise<void>;
  cancel(workflowId: string, reason?: string, identity?: string, runId?: string): Promise<void>;
  terminate(workflowId: string, reason: string, identity?: string, options?: TerminateOptions): Promise<TerminateWorkflowResponse>;
  query(workflowId: string, queryName: string, args: JsonValue[], options?: QueryOptions): Promise<JsonValue>;
  /**
   * Resolves when the update has come as far as `waitForStage`; or, with what is known, as soon as `giveUp` aborts (the host keeps the time), or at once
   * if the run cannot take it just now (it is held, paused, or has not begun). `timeoutMs` of the request is the host's affair.
   * @throws UpdateRejectedError the validator refused it, and nothing was recorded
   */
  update(workflowId: string, request: UpdateWorkflowRequest, runId?: string, giveUp?: AbortSignal): Promise<UpdateWorkflowResponse>;
  /** As `update`, of an update that was accepted before: resolves when it is completed. @throws UpdateNotFoundError */
  pollUpdate(workflowId: string, updateId: string, runId?: string, giveUp?: AbortSignal): Promise<UpdateWorkflowResponse>;
  updateWithStart(request: UpdateWithStartRequest, giveUp?: AbortSignal): Promise<UpdateWithStartResponse>;
  reset(workflowId: string, request: ResetWorkflowRequest, runId?: string): Promise<ResetWorkflowResponse>;
  fork(workflowId: string, request: ResetWorkflowRequest, runId?: string): Promise<ResetWorkflowResponse>;
  pause(workflowId: string, request: PauseWorkflowRequest, runId?: string): Promise<void>;
  unpause(workflowId: string, request: PauseWorkflowRequest, runId?: string): Promise<void>;
  activityAction(
    workflowId: string,
    activityId: string,
    action: ActivityAction,
    request: ActivityActionRequest,
    runId?: string,
  ): Promise<ActivityHeartbeatResponse>;
  /**
   * Takes outcomes of attempts. Resolves when all are committed, or known to be stale (the activity is closed, the run is unknown);
   * only then may the reply job be acknowledged. Waits for room instead of refusing.
   */
  deliver(outcomes: readonly ActivityOutcome[]): Promise<void>;
  /** Lets runs do what is due: fire timers, apply deadlines and time-outs, open incidents of delayed undos. */
  wake(runIds: readonly string[]): Promise<void>;
  /** Recovery (law L1): puts the current attempt of every open activity of these runs on its queue again, with a new dispatch number; and as `resumeCalls`. */
  redispatch(runIds: readonly string[]): Promise<void>;
  /** Recovery: makes every open call of these runs to other runs again, asks whether their children have closed, and begins local activities again that are not under way. */
  resumeCalls(runIds: readonly string[]): Promise<void>;
  /** Takes calls of other runs, from the RunMessenger. Answers in order. Rejects only with OverloadedError or StoreUnavailableError. */
  receive(calls: readonly RunCall[]): Promise<RunCallAnswer[]>;
  /** Opens and resolves incidents of what nobody serves: a task queue, a build (law L7). */
  noteService(notes: readonly ServiceNote[]): Promise<void>;
  resolveIncident(workflowId: string, incidentNumber: number, action: IncidentAction, request: ResolveIncidentRequest, runId?: string): Promise<void>;
  describe(workflowId: string, runId?: string): Promise<WorkflowDescription>;
  /** Drops runs from the cache (a partition was lost, new code was loaded). What is under way is finished first. */
  evict(runIds: readonly string[]): Promise<void>;
  /** As `evict`, for all cached runs of these partitions. */
  evictPartitions(partitions: readonly number[]): Promise<void>;
  /** Takes nothing new, finishes what is under way. */
  close(): Promise<void>;
  /** Messages waiting and runs cached, for metrics and back-pressure. */
  pressure(): { waitingMessages: number; cachedRuns: number };
}
