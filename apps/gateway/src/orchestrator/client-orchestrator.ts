import { ControlClient } from '@backstitch/client';
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
import { BulkOrchestrator } from './orchestrator.js';

/** The orchestrator over the control wire. */
export class ClientOrchestrator extends BulkOrchestrator {
  constructor(private readonly client: ControlClient) {
    super();
  }

  start(requests: StartWorkflowRequest[]): Promise<StartWorkflowResult[]> {
    return this.client.startMany(requests);
  }

  describe(workflowId: string): Promise<WorkflowDescription> {
    return this.client.getHandle(workflowId).describe();
  }

  /** The wire takes the identity of the client; whoever asked stands in the reason. */
  cancel(workflowId: string, { reason, identity }: { reason?: string; identity?: string }): Promise<void> {
    return this.client.getHandle(workflowId).cancel([reason, identity === undefined ? undefined : `asked by ${identity}`].filter((part) => part !== undefined).join('; '));
  }

  list(request: ListWorkflowsRequest): Promise<ListWorkflowsResponse> {
    return this.client.list(request);
  }

  history(workflowId: string, page: { afterEventId?: number; limit?: number }): Promise<WorkflowHistoryResponse> {
    return this.client.getHandle(workflowId).historyPage(page);
  }

  awaitClosed(workflowIds: string[], timeoutMs: number): Promise<AwaitClosedResponse> {
    return this.client.awaitClosed(workflowIds, timeoutMs);
  }

  listIncidents(page: { cursor?: string; pageSize?: number }): Promise<ListIncidentsResponse> {
    return this.client.listIncidents(page);
  }

  resolveIncident(workflowId: string, incidentNumber: number, action: IncidentAction, request: ResolveIncidentRequest): Promise<void> {
    return this.client.resolveIncident(workflowId, incidentNumber, action, request);
  }

  override close(): Promise<void> {
    return this.client.close();
  }
}
