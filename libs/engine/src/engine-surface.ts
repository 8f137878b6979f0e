import type {
  ActivityOutcome,
  IncidentAction,
  JsonValue,
  ResolveIncidentRequest,
  StartWorkflowRequest,
  StartWorkflowResult,
  WorkflowDescription,
} from '@backstitch/protocol';

/**
 * What the host (libs/orchestrator, libs/testing) does with an engine. Every promise resolves after the commit that makes its answer true.
 * Errors are the ControlApiError classes of `@backstitch/protocol`.
 */
export interface EngineSurface {
  /** Each start succeeds or fails alone; results in order. Rejects as a whole only with OverloadedError or StoreUnavailableError. */
  start(requests: readonly StartWorkflowRequest[]): Promise<StartWorkflowResult[]>;
  signal(workflowId: string, signalName: string, args: JsonValue[], identity?: string): Promise<void>;
  cancel(workflowId: string, reason?: string, identity?: string): Promise<void>;
  terminate(workflowId: string, reason: string, identity?: string): Promise<void>;
  query(workflowId: string, queryName: string, args: JsonValue[]): Promise<JsonValue>;
  /**
   * Takes outcomes of attempts. Resolves when all are committed, or known to be stale (the activity is closed, the run is unknown);
   * only then may the reply job be acknowledged. Waits for room instead of refusing.
   */
  deliver(outcomes: readonly ActivityOutcome[]): Promise<void>;
  /** Lets runs do what is due: fire timers, apply deadlines, open incidents of delayed undos. */
  wake(runIds: readonly string[]): Promise<void>;
  /** Recovery (law L1): puts the current attempt of every open activity of these runs on its queue again, with a new dispatch number. */
  redispatch(runIds: readonly string[]): Promise<void>;
  resolveIncident(workflowId: string, incidentNumber: number, action: IncidentAction, request: ResolveIncidentRequest): Promise<void>;
  describe(workflowId: string): Promise<WorkflowDescription>;
  /** Drops runs from the cache (a partition was lost, new code was loaded). What is under way is finished first. */
  evict(runIds: readonly string[]): Promise<void>;
  /** As `evict`, for all cached runs of these partitions. */
  evictPartitions(partitions: readonly number[]): Promise<void>;
  /** Takes nothing new, finishes what is under way. */
  close(): Promise<void>;
  /** Messages waiting and runs cached, for metrics and back-pressure. */
  pressure(): { waitingMessages: number; cachedRuns: number };
}
