import {
  WorkflowNotFoundError,
  type ActivityAction,
  type ActivityActionRequest,
  type AwaitClosedResponse,
  type HistoryEvent,
  type JsonValue,
  type QueryWorkflowResponse,
  type ResetWorkflowRequest,
  type ResetWorkflowResponse,
  type WorkflowDescription,
  type WorkflowHistoryResponse,
} from '@backstitch/protocol';
import type { ControlCaller } from './control-caller.js';
import { ResultTimeoutError } from './errors.js';
import { payloadCheck, type SentPayload } from './payload-limit.js';
import { workflowFailedError } from './workflow-failed.js';

/** Longest wait of one call; a longer one is made of several. */
const POLL_MS_MAX = 25_000;

/** One workflow, by its id. Errors as those of ControlClient; WorkflowNotFoundError where there is no such workflow. */
export class ControlHandle {
  readonly #connection: ControlCaller;
  readonly #identity: string | undefined;

  constructor(
    connection: ControlCaller,
    readonly workflowId: string,
    identity?: string,
    /** Its calls go to that run; undefined: to the current one. */
    readonly runId?: string,
  ) {
    this.#connection = connection;
    this.#identity = identity;
  }

  /** @throws WorkflowAlreadyClosedError */
  async signal(signalName: string, ...args: JsonValue[]): Promise<void> {
    await this.#post('/signal', { signalName, args, identity: this.#identity }, false, { what: `The input of signal "${signalName}"`, payload: args });
  }

  /** @throws QueryNotRegisteredError, QueryFailedError */
  async query<Result extends JsonValue = JsonValue>(queryName: string, ...args: JsonValue[]): Promise<Result> {
    const checkPayloads = payloadCheck({ what: `The input of query "${queryName}"`, payload: args });
    const { result } = await this.#connection.call<QueryWorkflowResponse>({ method: 'POST', path: this.#path('/query'), body: { queryName, args }, isIdempotent: true, checkPayloads });
    return result as Result;
  }

  /** Asks for cancellation; a second request changes nothing. @throws WorkflowAlreadyClosedError */
  async cancel(reason?: string): Promise<void> {
    await this.#post('/cancel', { reason, identity: this.#identity }, true);
  }

  /**
   * Ends the run at once.
   * @param options.rollback its undos run, in a run of their own and without its code. Default false
   * @throws WorkflowAlreadyClosedError
   */
  async terminate(reason: string, options: { rollback?: boolean } = {}): Promise<void> {
    await this.#post('/terminate', { reason, identity: this.#identity, ...options });
  }

  /** Ends the run and begins another one from that event on. */
  async reset(request: ResetWorkflowRequest): Promise<ResetWorkflowResponse> {
    return this.#connection.call({ method: 'POST', path: this.#path('/reset'), body: { identity: this.#identity, ...request }, isIdempotent: false });
  }

  /** Begins another workflow with this one's history up to that event; this one goes on. */
  async fork(request: ResetWorkflowRequest & { workflowId: string }): Promise<ResetWorkflowResponse> {
    return this.#connection.call({ method: 'POST', path: this.#path('/fork'), body: { identity: this.#identity, ...request }, isIdempotent: false });
  }

  /** No workflow task and no new attempt from now on. */
  async pause(reason: string): Promise<void> {
    await this.#post('/pause', { reason, identity: this.#identity }, true);
  }

  async unpause(reason: string): Promise<void> {
    await this.#post('/unpause', { reason, identity: this.#identity }, true);
  }

  /** What an operator does to an activity. @throws ActivityNotFoundError, ActivityAlreadyClosedError */
  async actOnActivity(activityId: string, action: ActivityAction, request: ActivityActionRequest): Promise<void> {
    await this.#post(`/activities/${encodeURIComponent(activityId)}/${action}`, { identity: this.#identity, ...request });
  }

  async describe(): Promise<WorkflowDescription> {
    return this.#connection.call({ method: 'GET', path: this.#path(), isIdempotent: true });
  }

  /**
   * Waits for the workflow's result.
   * @param options.timeoutMs default: for ever
   * @throws WorkflowFailedError if it ended without one, ResultTimeoutError
   */
  async result<Result extends JsonValue = JsonValue>({ timeoutMs = Infinity }: { timeoutMs?: number } = {}): Promise<Result> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const waitMs = Math.max(0, Math.min(POLL_MS_MAX, Math.round(deadlineMs - performance.now())));
      const { closed, unknown } = await this.#connection.call<AwaitClosedResponse>({
        method: 'POST',
        path: '/workflows/await-closed',
        body: { workflowIds: [this.workflowId], timeoutMs: waitMs, ...(this.runId !== undefined && { runId: this.runId }) },
        isIdempotent: true,
        waitMs,
      });
      if (unknown.length > 0) throw new WorkflowNotFoundError(this.workflowId);
      const [workflow] = closed;
      if (workflow?.status === 'COMPLETED') return (workflow.result ?? null) as Result;
      if (workflow !== undefined) throw workflowFailedError(workflow);
      if (performance.now() >= deadlineMs) throw new ResultTimeoutError(this.workflowId, timeoutMs);
    }
  }

  /** The whole history, page by page; or what follows an event id. */
  async history({ afterEventId = 0 }: { afterEventId?: number } = {}): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    for (let after: number | undefined = afterEventId; after !== undefined; ) {
      const page: WorkflowHistoryResponse = await this.historyPage({ afterEventId: after });
      events.push(...page.events);
      after = page.nextAfterEventId;
    }
    return events;
  }

  /** One page of the history. `limit` is at most 5,000; default 1,000. */
  async historyPage({ afterEventId = 0, limit }: { afterEventId?: number; limit?: number } = {}): Promise<WorkflowHistoryResponse> {
    const query = `afterEventId=${afterEventId}${limit === undefined ? '' : `&limit=${limit}`}`;
    return this.#connection.call({ method: 'GET', path: this.#path('/history', query), isIdempotent: true });
  }

  #path(verb = '', query = ''): string {
    const parts = [query, this.runId === undefined ? '' : `runId=${encodeURIComponent(this.runId)}`].filter((part) => part !== '');
    return `/workflows/${encodeURIComponent(this.workflowId)}${verb}${parts.length === 0 ? '' : `?${parts.join('&')}`}`;
  }

  async #post(path: string, body: object, isIdempotent = false, ...sent: SentPayload[]): Promise<void> {
    await this.#connection.call({ method: 'POST', path: this.#path(path), body, isIdempotent, ...(sent.length > 0 && { checkPayloads: payloadCheck(...sent) }) });
  }
}
