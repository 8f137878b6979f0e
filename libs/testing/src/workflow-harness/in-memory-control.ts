import { OrchestratorUnreachableError } from '@backstitch/client';
import type { EngineSurface } from '@backstitch/engine';
import {
  InvalidRequestError,
  WorkflowNotFoundError,
  type ActivityAction,
  type ActivityActionRequest,
  type AwaitClosedRequest,
  type AwaitClosedResponse,
  type Headers,
  type IncidentAction,
  type JsonValue,
  type ListIncidentsResponse,
  type SearchAttributeDefinitions,
  type StartWorkflowRequest,
  type UpdateWithStartRequest,
  type WorkflowExecution,
} from '@backstitch/protocol';
import { verifyTaskToken } from '@backstitch/protocol/task-token';
import type { InMemoryHistoryStore } from '../in-memory-history-store.js';
import { closedWorkflow, lastRun } from './closed-workflows.js';
import type { HarnessClock } from './harness-clock.js';
import { InMemoryLists } from './in-memory-lists.js';
import { InMemorySchedules } from './in-memory-schedules.js';

/** One call of the control wire. */
export interface InMemoryControlCall {
  method: string;
  /** Below `/v1`. */
  path: string;
  body?: object;
}

/** What the requests of the control wire have between them. */
interface Body extends Omit<ActivityActionRequest, 'details'> {
  starts: StartWorkflowRequest[];
  signalName: string;
  queryName: string;
  args: JsonValue[];
  headers?: Headers;
  requestId?: string;
  details?: JsonValue[];
  rollback?: boolean;
  timeoutMs?: number;
}

const LONG_POLL_TIMEOUT_DEFAULT_MS = 20_000;
const LONG_POLL_TIMEOUT_MAX_MS = 30_000;

/**
 * The control API, answered by an engine in this process: what a client needs of its connection. Throws the errors that the
 * orchestrator would send, and OrchestratorUnreachableError once it is stopped. Whoever waits for a run to close wishes for the future: the clock may skip.
 */
export class InMemoryControl {
  readonly #closedListeners = new Set<() => void>();
  readonly #longPolls = new Set<AbortController>();
  #isStopped = false;
  readonly #lists: InMemoryLists;
  readonly #schedules: InMemorySchedules;

  constructor(
    private readonly engine: EngineSurface,
    private readonly around: {
      workflowTypes: () => ReadonlySet<string>;
      store: InMemoryHistoryStore;
      clock: HarnessClock;
      tokenSecret: string;
      /** Told of what is closed from outside. */
      activities: { closedOutside(runId: string, activityId: string): void };
      searchAttributes?: SearchAttributeDefinitions;
    },
  ) {
    this.#lists = new InMemoryLists(around.store, around.searchAttributes ?? {});
    this.#schedules = new InMemorySchedules(engine, { ...around, closed: async (execution) => this.#closed(execution) });
  }

  /** To be called whenever a run was closed. */
  runClosed(): void {
    this.#closedListeners.forEach((listener) => listener());
  }

  async call<Answer>({ method, path, body = {} }: InMemoryControlCall): Promise<Answer> {
    if (this.#isStopped) throw new OrchestratorUnreachableError('memory://test-environment', true, { cause: new Error('The test environment was torn down.') });
    const [pathname, query] = partedPath(path);
    const parts = pathname.split('/').slice(1).map(decodeURIComponent);
    const isLongPoll = parts[1] === 'await-closed' || parts[2] === 'update' || parts[2] === 'updates' || parts[1] === 'update-with-start';
    const release = isLongPoll ? () => undefined : this.around.clock.hold();
    try {
      return (await this.#answer(method, parts, body as unknown as Body, new URLSearchParams(query))) as Answer;
    } finally {
      release();
    }
  }

  async close(): Promise<void> {
    // The environment owns what is behind it.
  }

  /** Takes no more actions of schedules, and no more calls; who waits is answered now, and refused when he asks again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#longPolls.forEach((controller) => controller.abort());
    await this.#schedules.stop();
  }

  async #answer(method: string, parts: string[], body: Body, query: URLSearchParams): Promise<unknown> {
    const [area, first] = parts;
    if (area === 'workflows') {
      if (first === undefined) {
        return { results: await this.engine.start(body.starts) };
      }
      if (parts.length === 2 && method === 'POST') {
        switch (first) {
          case 'await-closed':
            return this.#awaitClosed(body as unknown as AwaitClosedRequest);
          case 'list':
            return this.#lists.list(body as object);
          case 'count':
            return this.#lists.count(body as object);
          case 'update-with-start':
            return this.#longPoll((body as unknown as UpdateWithStartRequest).update.timeoutMs, async (giveUp) => this.engine.updateWithStart(body as unknown as UpdateWithStartRequest, giveUp));
          default:
        }
      }
      return this.#workflow(method, first, parts.slice(2), body, query);
    }
    if (area === 'activities' && first === 'by-token') {
      const request = body as unknown as ActivityActionRequest;
      const { workflowId, runId, activityId, attempt } = verifyTaskToken(this.around.tokenSecret, request.taskToken ?? '');
      return this.#activity(parts[2] as ActivityAction, { workflowId, activityId, runId }, { ...request, attempt } as ActivityActionRequest);
    }
    if (area === 'schedules') {
      return this.#schedules.answer(method, parts.slice(1), body, query);
    }
    if (area === 'incidents') {
      return this.#openIncidents();
    }
    if (area === 'info') {
      return { workflowTypes: [...this.around.workflowTypes()], searchAttributes: this.around.searchAttributes ?? {}, partitions: { total: 1, owned: 1 } };
    }
    throw new InvalidRequestError('', 'there is no such route');
  }

  async #workflow(method: string, workflowId: string, rest: string[], body: Body, query: URLSearchParams): Promise<unknown> {
    const engine = this.engine;
    const runId = query.get('runId') ?? undefined;
    const [verb, id, action] = rest;
    const { identity, reason } = body;
    if (method === 'GET') {
      switch (verb) {
        case undefined:
          return engine.describe(workflowId, runId);
        case 'history':
          return this.#history(workflowId, runId, Number(query.get('afterEventId') ?? 0));
        case 'updates':
          return this.#longPoll(Number(query.get('timeoutMs') ?? LONG_POLL_TIMEOUT_DEFAULT_MS), async (giveUp) => engine.pollUpdate(workflowId, id ?? '', runId, giveUp));
        default:
          throw new InvalidRequestError('', 'there is no such route');
      }
    }
    switch (verb) {
      case 'signal':
        return engine.signal(workflowId, body.signalName, body.args, identity, { runId, headers: body.headers, requestId: body.requestId });
      case 'query':
        return { result: await engine.query(workflowId, body.queryName, body.args, { runId, headers: body.headers }) };
      case 'cancel':
        return engine.cancel(workflowId, reason, identity, runId);
      case 'terminate':
        return engine.terminate(workflowId, reason ?? '', identity, { runId, details: body.details, rollback: body.rollback });
      case 'update':
        return this.#longPoll(body.timeoutMs, async (giveUp) => engine.update(workflowId, body as never, runId, giveUp));
      case 'reset':
        return engine.reset(workflowId, body as never, runId);
      case 'fork':
        return engine.fork(workflowId, body as never, runId);
      case 'pause':
        return engine.pause(workflowId, body as never, runId);
      case 'unpause':
        return engine.unpause(workflowId, body as never, runId);
      case 'activities':
        return this.#activity(action as ActivityAction, { workflowId, activityId: id ?? '', runId }, body as never);
      case 'incidents':
        return engine.resolveIncident(workflowId, Number(id), action as IncidentAction, body as never);
      default:
        throw new InvalidRequestError('', 'there is no such route');
    }
  }

  async #activity(action: ActivityAction, { workflowId, activityId, runId }: { workflowId: string; activityId: string; runId?: string }, request: ActivityActionRequest): Promise<unknown> {
    const answer = await this.engine.activityAction(workflowId, activityId, action, request, runId);
    if (action === 'complete' || action === 'fail' || action === 'cancel') {
      this.around.activities.closedOutside(runId ?? this.around.store.runIdsOf(workflowId).at(-1) ?? '', activityId);
    }
    return answer;
  }

  /** A long poll's answer: what `waiting` comes to, or is known when the time is up. */
  async #longPoll<Answer>(timeoutMs: number | undefined, waiting: (giveUp: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), Math.min(timeoutMs ?? LONG_POLL_TIMEOUT_DEFAULT_MS, LONG_POLL_TIMEOUT_MAX_MS));
    this.#longPolls.add(controller);
    try {
      return await waiting(controller.signal);
    } finally {
      clearTimeout(timer);
      this.#longPolls.delete(controller);
    }
  }

  async #awaitClosed({ workflowIds, timeoutMs = LONG_POLL_TIMEOUT_MAX_MS, runId, followRuns = true }: AwaitClosedRequest): Promise<AwaitClosedResponse> {
    const look = (): AwaitClosedResponse => {
      const found = workflowIds.map((workflowId) => [workflowId, lastRun(this.around.store, workflowId, runId, followRuns)] as const);
      return {
        closed: found.flatMap(([, stored]) => (stored === undefined || stored.record.status === 'RUNNING' ? [] : [closedWorkflow(stored)])),
        unknown: found.flatMap(([workflowId, stored]) => (stored === undefined ? [workflowId] : [])),
      };
    };
    const release = this.around.clock.wish();
    try {
      return await this.#longPoll(timeoutMs, async (giveUp) => {
        for (let found = look(); ; found = look()) {
          if (found.closed.length > 0 || found.unknown.length === workflowIds.length || giveUp.aborted) {
            return found;
          }
          await this.#someClosing(giveUp);
        }
      });
    } finally {
      release();
    }
  }

  /** Resolves when that run, or the last of those that continued it, is closed; wishes for nothing. */
  async #closed({ workflowId, runId }: WorkflowExecution): Promise<void> {
    while (lastRun(this.around.store, workflowId, runId, true)?.record.status === 'RUNNING') {
      await this.#someClosing();
    }
  }

  async #someClosing(giveUp?: AbortSignal): Promise<void> {
    const listeners = this.#closedListeners;
    await new Promise<void>((resolve) => {
      const hear = (): void => {
        listeners.delete(hear);
        giveUp?.removeEventListener('abort', hear);
        resolve();
      };
      listeners.add(hear);
      giveUp?.addEventListener('abort', hear, { once: true });
    });
  }

  #history(workflowId: string, runId: string | undefined, afterEventId: number): unknown {
    const stored = this.around.store.stored(runId ?? this.around.store.runIdsOf(workflowId).at(-1) ?? '');
    if (stored === undefined) {
      throw new WorkflowNotFoundError(workflowId);
    }
    return { workflowId, runId: stored.record.runId, events: stored.events.filter(({ eventId }) => eventId > afterEventId) };
  }

  #openIncidents(): ListIncidentsResponse {
    const incidents = this.around.store.records().flatMap(({ workflowId, runId, workflowType }) => {
      const open = (this.around.store.stored(runId)?.incidents ?? []).filter(({ resolution }) => resolution === undefined);
      return open.map((incident) => ({ ...incident, workflowId, runId, workflowType }));
    });
    return { incidents: incidents.sort((one, other) => one.openedAtMs - other.openedAtMs) };
  }
}

/** What stands before the question mark, and what behind it. */
function partedPath(path: string): [pathname: string, query: string] {
  const at = path.indexOf('?');
  return at === -1 ? [path, ''] : [path.slice(0, at), path.slice(at + 1)];
}
