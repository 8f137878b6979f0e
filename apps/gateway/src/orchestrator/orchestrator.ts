import type {
  AwaitClosedResponse,
  IncidentAction,
  ListIncidentsResponse,
  ListWorkflowsRequest,
  ListWorkflowsResponse,
  ResolveIncidentRequest,
  StartWorkflowRequest,
  StartWorkflowResult,
  WorkflowDescription,
  WorkflowHistoryResponse,
} from '@backstitch/protocol';

/**
 * The orchestrator as the gateway needs it: the control wire's calls, each failing within a bounded time.
 * Throws the protocol's ControlApiError classes, and OrchestratorUnreachableError where nobody answers.
 */
export abstract class Orchestrator {
  /** Each start succeeds or fails alone; the answers are in the order of the requests. `started` and `existing` mean committed. At most `LIMITS.startsPerCallMax`. */
  abstract start(requests: StartWorkflowRequest[]): Promise<StartWorkflowResult[]>;
  abstract describe(workflowId: string): Promise<WorkflowDescription>;
  /** Asks a run to cancel; a second request changes nothing. */
  abstract cancel(workflowId: string, request: { reason?: string; identity?: string }): Promise<void>;
  abstract list(request: ListWorkflowsRequest): Promise<ListWorkflowsResponse>;
  abstract history(workflowId: string, page: { afterEventId?: number; limit?: number }): Promise<WorkflowHistoryResponse>;
  /** Answers as soon as one of the runs is closed, with all that are, or empty after `timeoutMs`. */
  abstract awaitClosed(workflowIds: string[], timeoutMs: number): Promise<AwaitClosedResponse>;
  abstract listIncidents(page: { cursor?: string; pageSize?: number }): Promise<ListIncidentsResponse>;
  abstract resolveIncident(workflowId: string, incidentNumber: number, action: IncidentAction, request: ResolveIncidentRequest): Promise<void>;

  /** Ends all connections. */
  async close(): Promise<void> {}
}

/** The same, with a patience fit for bulk work: for imports and for what no request waits for. */
export abstract class BulkOrchestrator extends Orchestrator {}
