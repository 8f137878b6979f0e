import {
  WorkflowExecutionAlreadyStartedError,
  type AwaitClosedResponse,
  type ControlInfo,
  type IncidentAction,
  type ListIncidentsResponse,
  type ListWorkflowsRequest,
  type ListWorkflowsResponse,
  type ResolveIncidentRequest,
  type StartWorkflowRequest,
  type StartWorkflowResult,
  type StartWorkflowsResponse,
} from '@backstitch/protocol';
import type { ControlClientOptions } from './client-options.js';
import type { ControlCaller } from './control-caller.js';
import { ControlConnection } from './control-connection.js';
import { ControlHandle } from './control-handle.js';
import { payloadCheck, payloadsOf } from './payload-limit.js';
import { reviveControlError } from './revive-error.js';

/** One start, less what the call itself says. */
export type StartOptions = Omit<StartWorkflowRequest, 'workflowType' | 'args'> & { args?: StartWorkflowRequest['args'] };

/** A run that exists: just started, or by the same request before. */
export interface StartedWorkflow {
  workflowId: string;
  runId: string;
  /** False: the same request had started it before. */
  isNew: boolean;
}

/** Longest wait of one await-closed call. */
const AWAIT_CLOSED_TIMEOUT_DEFAULT_MS = 30_000;

/**
 * The control wire for programs that speak in ids and plain JSON: whole pages, many starts at once, incidents. {@link WorkflowClient} is the same wire for
 * programs that know the workflows' types.
 *
 * Every method throws the ControlApiError classes of `@backstitch/protocol`, and OrchestratorUnreachableError when no orchestrator answers. Calls that may be made
 * twice without harm are tried again when the connection is refused or breaks; signals and the like only when nothing was sent.
 */
export class ControlClient {
  readonly #connection: ControlCaller;
  readonly #identity: string | undefined;

  /** @param connection in place of one made from the options, which the client would own */
  constructor(options: ControlClientOptions, connection: ControlCaller = new ControlConnection(options)) {
    this.#connection = connection;
    this.#identity = options.identity;
  }

  /**
   * Starts a workflow. Resolves when it is committed: from then on it goes on whatever happens.
   * @throws WorkflowExecutionAlreadyStartedError if the id was taken by another request; the error of a start that is not valid
   */
  async start(workflowType: string, options: StartOptions): Promise<StartedWorkflow> {
    const [result] = await this.startMany([{ ...options, workflowType, args: options.args ?? [] }]);
    switch (result?.status) {
      case 'started':
        return { workflowId: result.workflowId, runId: result.runId, isNew: true };
      case 'existing':
        return { workflowId: result.workflowId, runId: result.runId, isNew: false };
      case 'conflict':
        throw new WorkflowExecutionAlreadyStartedError(result.workflowId, result.runId);
      case 'rejected':
        throw reviveControlError(result.error);
      case undefined:
        throw new RangeError('The orchestrator answered no result.');
      default:
        return result satisfies never;
    }
  }

  /** Starts many at once, at most `LIMITS.startsPerCallMax`; each succeeds or fails alone, in order. Repeating it is harmless: ids are taken once. */
  async startMany(requests: readonly StartWorkflowRequest[]): Promise<StartWorkflowResult[]> {
    if (requests.length === 0) {
      return [];
    }
    const starts = this.#identity === undefined ? requests : requests.map((request) => ({ identity: this.#identity, ...request }));
    // Of many, each fails alone: the orchestrator says which is too large.
    const [only] = starts.length === 1 ? starts : [];
    const { results } = await this.#connection.call<StartWorkflowsResponse>({
      method: 'POST',
      path: '/workflows',
      body: { starts },
      isIdempotent: true,
      ...(only !== undefined && { checkPayloads: payloadCheck(...payloadsOf(only)) }),
    });
    return results;
  }

  /** A handle on a workflow, which need not exist yet. @param runId a run of it; default: the current one */
  getHandle(workflowId: string, runId?: string): ControlHandle {
    return new ControlHandle(this.#connection, workflowId, this.#identity, runId);
  }

  /** A page of workflows, newest first. */
  async list(request: ListWorkflowsRequest = {}): Promise<ListWorkflowsResponse> {
    return this.#connection.call({ method: 'POST', path: '/workflows/list', body: request, isIdempotent: true });
  }

  /** Answers as soon as one of the workflows is closed, or after the time-out (at most 30,000 ms) with none. */
  async awaitClosed(workflowIds: readonly string[], timeoutMs: number = AWAIT_CLOSED_TIMEOUT_DEFAULT_MS): Promise<AwaitClosedResponse> {
    return this.#connection.call({ method: 'POST', path: '/workflows/await-closed', body: { workflowIds, timeoutMs }, isIdempotent: true, waitMs: timeoutMs });
  }

  /** A page of open incidents, oldest first. */
  async listIncidents(page: { cursor?: string; pageSize?: number } = {}): Promise<ListIncidentsResponse> {
    const query = new URLSearchParams({ status: 'open' });
    if (page.cursor !== undefined) query.set('cursor', page.cursor);
    if (page.pageSize !== undefined) query.set('pageSize', String(page.pageSize));
    return this.#connection.call({ method: 'GET', path: `/incidents?${query.toString()}`, isIdempotent: true });
  }

  /** Resolves an open incident. @throws IncidentNotFoundError, IncidentAlreadyResolvedError */
  async resolveIncident(workflowId: string, incidentNumber: number, action: IncidentAction, request: ResolveIncidentRequest): Promise<void> {
    await this.#connection.call({
      method: 'POST',
      path: `/workflows/${encodeURIComponent(workflowId)}/incidents/${incidentNumber}/${action}`,
      body: { identity: this.#identity, ...request },
      isIdempotent: false,
    });
  }

  /** What the deployment knows. */
  async info(): Promise<ControlInfo> {
    return this.#connection.call({ method: 'GET', path: '/info', isIdempotent: true });
  }

  /** Ends all connections; calls under way fail. */
  async close(): Promise<void> {
    await this.#connection.close();
  }
}
