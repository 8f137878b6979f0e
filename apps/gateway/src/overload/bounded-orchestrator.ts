import {
  OverloadedError,
  type AwaitClosedResponse,
  type IncidentAction,
  type ListIncidentsResponse,
  type ListWorkflowsRequest,
  type ListWorkflowsResponse,
  type ResolveIncidentRequest,
  type StartWorkflowRequest,
  type StartWorkflowResult,
  type WorkflowDescription,
  type WorkflowHistoryResponse,
} from '@backstitch/protocol';
import { Orchestrator } from '../orchestrator/orchestrator.js';
import { ConcurrencyLimit } from './concurrency-limit.js';
import type { StartGate } from './start-gate.js';

/** Everything but starts: reads, cancellations, approvals. They have their own room, so that a flood of starts cannot take it. */
const OTHERS_ACTIVE_MAX = 32;
const OTHERS_WAITING_MAX = 1_000;

/** The orchestrator for requests, of which no more than so many are under way or wait. */
export class BoundedOrchestrator extends Orchestrator {
  private readonly others = new ConcurrencyLimit({ activeMax: OTHERS_ACTIVE_MAX, waitingMax: OTHERS_WAITING_MAX });

  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly gate: StartGate,
  ) {
    super();
  }

  async start(requests: StartWorkflowRequest[]): Promise<StartWorkflowResult[]> {
    try {
      const results = await this.gate.limit.run(
        async () => {
          // It may have been closed while this one waited.
          if (this.gate.isClosed) throw this.refusal();
          return this.orchestrator.start(requests);
        },
        () => this.refusal(),
      );
      const refused = results.find((result) => result.status === 'rejected' && result.error.code === 'OVERLOADED');
      if (refused === undefined) {
        this.gate.taken();
        return results;
      }
      this.gate.close();
      if (results.length === 1) throw this.refusal();
      return results;
    } catch (error) {
      if (!(error instanceof OverloadedError)) throw error;
      if (!(error instanceof RefusedHereError)) this.gate.close();
      throw error instanceof RefusedHereError ? error : this.refusal(error.retryAfterMs);
    }
  }

  describe(workflowId: string): Promise<WorkflowDescription> {
    return this.other(() => this.orchestrator.describe(workflowId));
  }

  cancel(workflowId: string, request: { reason?: string; identity?: string }): Promise<void> {
    return this.other(() => this.orchestrator.cancel(workflowId, request));
  }

  list(request: ListWorkflowsRequest): Promise<ListWorkflowsResponse> {
    return this.other(() => this.orchestrator.list(request));
  }

  history(workflowId: string, page: { afterEventId?: number; limit?: number }): Promise<WorkflowHistoryResponse> {
    return this.other(() => this.orchestrator.history(workflowId, page));
  }

  awaitClosed(workflowIds: string[], timeoutMs: number): Promise<AwaitClosedResponse> {
    return this.other(() => this.orchestrator.awaitClosed(workflowIds, timeoutMs));
  }

  listIncidents(page: { cursor?: string; pageSize?: number }): Promise<ListIncidentsResponse> {
    return this.other(() => this.orchestrator.listIncidents(page));
  }

  resolveIncident(workflowId: string, incidentNumber: number, action: IncidentAction, request: ResolveIncidentRequest): Promise<void> {
    return this.other(() => this.orchestrator.resolveIncident(workflowId, incidentNumber, action, request));
  }

  override close(): Promise<void> {
    return this.orchestrator.close();
  }

  private other<T>(work: () => Promise<T>): Promise<T> {
    return this.others.run(work, () => new OverloadedError(1_000));
  }

  private refusal(atLeastMs = 0): OverloadedError {
    return new RefusedHereError(Math.max(atLeastMs, this.gate.refused() * 1_000));
  }
}

/** Refused by the gateway itself, which has said when to come again. */
class RefusedHereError extends OverloadedError {}
