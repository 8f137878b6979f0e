import {
  WorkflowNotFoundError,
  WorkflowAlreadyClosedError,
  type AwaitClosedResponse,
  type ControlErrorBody,
  type IncidentAction,
  type JsonValue,
  type ListIncidentsResponse,
  type ListWorkflowsRequest,
  type ListWorkflowsResponse,
  type ResolveIncidentRequest,
  type StartWorkflowRequest,
  type StartWorkflowResult,
  type WorkflowDescription,
  type WorkflowExecutionStatus,
  type WorkflowHistoryResponse,
} from '@backstitch/protocol';
import { BulkOrchestrator } from '../src/orchestrator/orchestrator.js';

export interface FakeRun {
  description: WorkflowDescription;
  start: StartWorkflowRequest;
}

/** How a run ends as soon as it is started; undefined leaves it running. */
export type Ending = { status: WorkflowExecutionStatus; result?: JsonValue; attribute?: string } | undefined;

export const COMPLETED: Ending = { status: 'COMPLETED', result: { status: 'completed', chargeId: 'c', shipmentId: 's' }, attribute: 'completed' };
export const COMPENSATED: Ending = {
  status: 'COMPLETED',
  result: { status: 'compensated', reason: 'out of stock', failedStep: 'reserveStock' },
  attribute: 'compensated',
};

/** An orchestrator in memory: keeps starts by id and fingerprint as the real one does, and ends runs as the test decides. */
export class FakeOrchestrator extends BulkOrchestrator {
  readonly runs = new Map<string, FakeRun>();
  readonly resolved: { workflowId: string; incidentNumber: number; action: string; request: ResolveIncidentRequest }[] = [];
  readonly cancelled: string[] = [];
  startCalls = 0;
  /** Thrown by every call while set. */
  outage: Error | undefined;
  /** Called before a batch is started; may throw. */
  beforeStart: (requests: StartWorkflowRequest[]) => void = () => undefined;
  /** Why that one start is refused, if it is. */
  refuse: (request: StartWorkflowRequest) => ControlErrorBody['error'] | undefined = () => undefined;
  beforeCancel: (workflowId: string) => void = () => undefined;
  ending: (request: StartWorkflowRequest) => Ending = () => COMPLETED;
  lastList: ListWorkflowsRequest | undefined;
  private waiting: (() => void)[] = [];

  startedOf(workflowType: string): FakeRun[] {
    return [...this.runs.values()].filter((run) => run.start.workflowType === workflowType);
  }

  end(workflowId: string, ending: NonNullable<Ending>): void {
    const { description } = this.find(workflowId);
    description.status = ending.status;
    description.closedAtMs = description.startedAtMs + 20;
    if (ending.result !== undefined) description.result = ending.result;
    const attribute = description.workflowType === 'returnWorkflow' ? 'ReturnStatus' : 'OrderStatus';
    if (ending.attribute !== undefined) description.searchAttributes = { ...description.searchAttributes, [attribute]: [ending.attribute] };
    for (const wake of this.waiting.splice(0)) wake();
  }

  async start(requests: StartWorkflowRequest[]): Promise<StartWorkflowResult[]> {
    this.startCalls += 1;
    this.check();
    this.beforeStart(requests);
    return requests.map((request): StartWorkflowResult => {
      const known = this.runs.get(request.workflowId);
      const { workflowId } = request;
      const error = this.refuse(request);
      if (error !== undefined) return { status: 'rejected', workflowId, error };
      if (known !== undefined) {
        const { runId, status } = known.description;
        if (known.start.requestFingerprint !== request.requestFingerprint) return { status: 'conflict', workflowId, runId };
        return { status: 'existing', workflowId, runId, executionStatus: status };
      }
      const runId = `run-${this.runs.size + 1}`;
      this.runs.set(workflowId, {
        start: request,
        description: {
          workflowId,
          runId,
          workflowType: request.workflowType,
          status: 'RUNNING',
          startedAtMs: Date.UTC(2026, 0, 1) + this.runs.size,
          searchAttributes: request.searchAttributes ?? {},
          memo: {},
          openIncidents: 0,
          input: request.args,
          cancelRequested: false,
          activities: [],
          timers: [],
          incidents: [],
          historyEvents: 3,
          historySizeBytes: 100,
        },
      });
      const ending = this.ending(request);
      if (ending !== undefined) this.end(workflowId, ending);
      return { status: 'started', workflowId, runId };
    });
  }

  async describe(workflowId: string): Promise<WorkflowDescription> {
    this.check();
    return this.find(workflowId).description;
  }

  async cancel(workflowId: string): Promise<void> {
    this.check();
    this.beforeCancel(workflowId);
    const { description } = this.find(workflowId);
    if (description.status !== 'RUNNING') throw new WorkflowAlreadyClosedError(workflowId, description.status);
    description.cancelRequested = true;
    this.cancelled.push(workflowId);
  }

  async list(request: ListWorkflowsRequest): Promise<ListWorkflowsResponse> {
    this.check();
    this.lastList = request;
    const offset = Number(request.cursor ?? 0);
    const pageSize = request.pageSize ?? 100;
    const matching = [...this.runs.values()]
      .map((run) => run.description)
      .filter((run) => request.workflowType === undefined || run.workflowType === request.workflowType)
      .filter((run) => Object.entries(request.searchAttributes ?? {}).every(([name, value]) => run.searchAttributes[name]?.[0] === value))
      .reverse();
    return { workflows: matching.slice(offset, offset + pageSize), ...(matching.length > offset + pageSize ? { nextCursor: String(offset + pageSize) } : {}) };
  }

  async history(workflowId: string): Promise<WorkflowHistoryResponse> {
    this.check();
    const { description } = this.find(workflowId);
    return {
      workflowId,
      runId: description.runId,
      events: [
        {
          eventId: 1,
          eventType: 'WORKFLOW_EXECUTION_STARTED',
          eventTimeMs: description.startedAtMs,
          attributes: { workflowId, runId: description.runId, workflowType: description.workflowType, taskQueue: 'q', input: description.input, randomnessSeed: 'r' },
        },
      ],
    };
  }

  async awaitClosed(workflowIds: string[], timeoutMs: number): Promise<AwaitClosedResponse> {
    this.check();
    const answer = (): AwaitClosedResponse => ({
      closed: workflowIds.flatMap((id) => {
        const description = this.runs.get(id)?.description;
        return description === undefined || description.status === 'RUNNING' ? [] : [description];
      }),
      unknown: workflowIds.filter((id) => !this.runs.has(id)),
    });
    if (answer().closed.length + answer().unknown.length > 0) return answer();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return answer();
  }

  async listIncidents(): Promise<ListIncidentsResponse> {
    this.check();
    return { incidents: [] };
  }

  async resolveIncident(workflowId: string, incidentNumber: number, action: IncidentAction, request: ResolveIncidentRequest): Promise<void> {
    this.check();
    this.find(workflowId);
    this.resolved.push({ workflowId, incidentNumber, action, request });
  }

  private check(): void {
    if (this.outage !== undefined) throw this.outage;
  }

  private find(workflowId: string): FakeRun {
    const run = this.runs.get(workflowId);
    if (run === undefined) throw new WorkflowNotFoundError(workflowId);
    return run;
  }
}
