import type { AwaitClosedResponse, CountWorkflowsResponse, ListWorkflowsResponse, PayloadCodec, SearchAttributeValue, WorkflowHistoryResponse } from '@backstitch/protocol';
import type { DataConverter } from '@backstitch/protocol/payloads';
import { WorkflowNotFoundError } from '@backstitch/workflow/common';
import { interceptedCalls, type WorkflowClientCalls, type WorkflowClientInterceptor } from './client-interceptors.js';
import { defaultConnection, type ConnectionOptions } from './connection.js';
import type { ControlCaller } from './control-caller.js';
import { ControlConnection } from './control-connection.js';
import { nameOf, type UpdateDefinition, type Workflow, type WorkflowResultType } from './definitions.js';
import { WorkflowContinuedAsNewError } from './errors.js';
import { CallScopes } from './call-context.js';
import { knownErrors } from './known-errors.js';
import { parameterNames } from './payload-limit.js';
import { Payloads } from './payloads.js';
import type { QueryRejectCondition, WorkflowUpdateStage } from './policies.js';
import { StartBatches } from './start-batches.js';
import { WithStartWorkflowOperation } from './with-start-workflow-operation.js';
import { workflowCalls, type StartOne } from './workflow-calls.js';
import { toExecutionInfo, type WorkflowExecutionInfo } from './workflow-description.js';
import { workflowFailedError } from './workflow-failed.js';
import {
  makeHandle,
  makeUpdateHandle,
  type GetWorkflowHandleOptions,
  type HandleContext,
  type History,
  type WorkflowHandle,
  type WorkflowHandleWithSignaledRunId,
  type WorkflowHandleWithStartDetails,
  type WorkflowResultOptions,
  type WorkflowUpdateOptions,
} from './workflow-handle.js';
import type { CompiledStart, WorkflowOptions, WorkflowSignalWithStartOptions, WorkflowStartOptions } from './workflow-options.js';
import { awaitOutcome, type WorkflowUpdateHandle } from './workflow-updates.js';

/** How a client is made. */
export interface WorkflowClientOptions extends ConnectionOptions {
  /** Default: a connection to the given `url` or `address`, which the client then owns; else to the default address. */
  connection?: ControlCaller;
  /** Who calls, for audit. */
  identity?: string;
  /** Taken for compatibility; a deployment is one namespace. */
  namespace?: string;
  /** Encrypts or compresses what is sent. The same one as the services and orchestrators have. */
  payloadCodec?: PayloadCodec;
  /** A converter and codecs of payloads in Temporal's shape; `payloadCodec` goes before its codecs. The same as the workflows' bundle and the services have. */
  dataConverter?: DataConverter;
  /** See and may change every call. */
  interceptors?: WorkflowClientInterceptor[] | { calls?: readonly ((input: { workflowId: string }) => WorkflowClientInterceptor)[] };
  /** In which states a workflow is not to be asked. Default NONE. */
  queryRejectCondition?: QueryRejectCondition;
}

export interface ListOptions {
  /** Workflows asked for in one call. Default 100. */
  pageSize?: number;
  /** A list filter, such as `WorkflowType = 'order' AND ExecutionStatus = 'Running'`. Default: all. */
  query?: string;
}

export interface CountWorkflowExecution {
  count: number;
  /** Of a query that ends in `GROUP BY ExecutionStatus`. */
  groups: { count: number; groupValues: SearchAttributeValue[] }[];
}

/** One of many starts. */
export interface WorkflowStart<T extends Workflow = Workflow> {
  workflow: string | T;
  options: WorkflowStartOptions<T>;
}

/** A list of workflows, read page by page as it is iterated. */
export interface AsyncWorkflowListIterable extends AsyncIterable<WorkflowExecutionInfo> {
  /** The histories of the listed workflows. */
  intoHistories(options?: { concurrency?: number; bufferLimit?: number }): AsyncIterable<{ workflowId: string; history: History }>;
}

/** Longest wait of one call; a longer one is made of several. */
const POLL_MS = 25_000;

// Arguments must stay open here: a workflow may have any.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;

/**
 * Starts and manages workflows from any Node program. Workflows are given as functions, whose types then hold, or by name.
 *
 * Errors: WorkflowNotFoundError (also for a closed workflow that would have to take something), ServiceError where no orchestrator answers or it refuses for
 * a reason without a class of its own, and what the methods name.
 */
export class WorkflowClient extends CallScopes {
  readonly connection: ControlCaller;
  readonly options: WorkflowClientOptions & { namespace: string; identity: string };
  readonly #ownsConnection: boolean;
  readonly #payloads: Payloads;
  readonly #identity: string | undefined;
  readonly #calls: WorkflowClientCalls;
  readonly #context: HandleContext;

  constructor(options: WorkflowClientOptions = {}) {
    super();
    const { connection, url, address } = options;
    this.#ownsConnection = connection === undefined && (url !== undefined || address !== undefined);
    this.connection =
      connection ?? (this.#ownsConnection ? new ControlConnection({ ...options, url: url ?? `http://${address ?? ''}`, token: options.token ?? options.apiKey ?? '' }) : defaultConnection());
    this.options = { ...options, namespace: options.namespace ?? 'default', identity: options.identity ?? `${process.pid}@client` };
    this.#payloads = new Payloads(options);
    this.#identity = options.identity;
    this.#calls = this.#makeCalls();
    this.#context = {
      client: this,
      calls: this.#calls,
      payloads: this.#payloads,
      awaitOutcome: (target, updateId) => knownErrors(awaitOutcome(this.connection, target, updateId)),
      fetchHistory: (workflowId, runId) => knownErrors(this.#fetchHistory(workflowId, runId)),
    };
  }

  /** Starts a workflow. Resolves when it is committed: from then on it goes on whatever happens. @throws WorkflowExecutionAlreadyStartedError */
  async start<T extends Workflow>(workflow: string | T, options: WorkflowStartOptions<T>): Promise<WorkflowHandleWithStartDetails<T>> {
    return this.#start(this.#calls, workflow, options);
  }

  /**
   * Starts many workflows in few calls, of at most `LIMITS.startsPerCallMax` each. Each start succeeds or fails alone; the answers are in the order of the starts, as
   * those of Promise.allSettled are. Interceptors see each start.
   */
  async startMany<T extends Workflow>(starts: readonly WorkflowStart<T>[]): Promise<PromiseSettledResult<WorkflowHandleWithStartDetails<T>>[]> {
    const calls = this.#makeCalls(new StartBatches(this.connection).start);
    return Promise.allSettled(starts.map(({ workflow, options }) => this.#start(calls, workflow, options)));
  }

  /** Starts a workflow and waits for its result. @throws as {@link start} and {@link WorkflowHandle.result} */
  async execute<T extends Workflow>(workflow: string | T, options: WorkflowStartOptions<T>): Promise<WorkflowResultType<T>> {
    return (await this.start(workflow, options)).result();
  }

  /** Sends a signal to the workflow of that id; starts it first, in the same commit, where none is running. */
  async signalWithStart<W extends Workflow, SignalArgs extends Any[] = []>(workflow: string | W, options: WorkflowSignalWithStartOptions<SignalArgs>): Promise<WorkflowHandleWithSignaledRunId<W>> {
    const { signal, signalArgs, ...rest } = options as WorkflowSignalWithStartOptions<Any[]>;
    const compiled = compile(rest, workflow);
    const runId = await this.#calls.signalWithStart({
      workflowType: nameOf(workflow, 'A workflow'),
      headers: {},
      options: compiled,
      signalName: nameOf(signal, 'A signal'),
      signalArgs: signalArgs ?? [],
    });
    return this.#handle<W, { signaledRunId: string }>(compiled, { runIdForResult: runId }, { signaledRunId: runId });
  }

  /** Starts a workflow, or takes the one that runs, and sends it an update; waits for the update's result. @throws WorkflowUpdateFailedError */
  async executeUpdateWithStart<T extends Workflow, Result, Args extends Any[]>(
    update: UpdateDefinition<Result, Args> | string,
    options: WorkflowUpdateOptions & { args?: Args; startWorkflowOperation: WithStartWorkflowOperation<T> },
  ): Promise<Result> {
    const handle = await this.#startUpdateWithStart<T, Result>(update, options, 'COMPLETED');
    return handle.result();
  }

  /** As {@link executeUpdateWithStart}, waiting only until the update is accepted. */
  async startUpdateWithStart<T extends Workflow, Result, Args extends Any[]>(
    update: UpdateDefinition<Result, Args> | string,
    options: WorkflowUpdateOptions & { args?: Args; waitForStage: 'ACCEPTED'; startWorkflowOperation: WithStartWorkflowOperation<T> },
  ): Promise<WorkflowUpdateHandle<Result>> {
    return this.#startUpdateWithStart<T, Result>(update, options, options.waitForStage);
  }

  /** A handle on a workflow, which need not exist yet. Without a run id its calls go to the current run. */
  getHandle<T extends Workflow>(workflowId: string, runId?: string, options: GetWorkflowHandleOptions = {}): WorkflowHandle<T> {
    const { firstExecutionRunId, followRuns = true } = options;
    const target = { workflowId, runId, runIdForResult: runId ?? firstExecutionRunId, firstExecutionRunId, followRuns };
    return makeHandle<T, object>(this.#context, target, {});
  }

  /**
   * Waits for a workflow's result. Without a run id: of the current run.
   * @throws WorkflowFailedError, WorkflowContinuedAsNewError if the run continued as another which is not to be followed
   */
  async result<Result>(workflowId: string, runId?: string, { followRuns = true }: WorkflowResultOptions = {}): Promise<Result> {
    for (;;) {
      const body = { workflowIds: [workflowId], timeoutMs: POLL_MS, ...(runId !== undefined && { runId, followRuns }) };
      const { closed, unknown } = await knownErrors(this.connection.call<AwaitClosedResponse>({ method: 'POST', path: '/workflows/await-closed', body, isIdempotent: true, waitMs: POLL_MS }));
      if (unknown.length > 0) throw new WorkflowNotFoundError(`There is no workflow with id "${workflowId}".`, workflowId, runId);
      const [workflow] = closed;
      if (workflow === undefined) continue;
      if (workflow.status === 'COMPLETED') return this.#payloads.decode<Result>(workflow.result);
      if (workflow.continuedToRunId !== undefined) throw new WorkflowContinuedAsNewError('Workflow execution continued as new', workflow.continuedToRunId);
      throw workflowFailedError(workflow.failure === undefined ? workflow : { ...workflow, failure: await this.#payloads.decodeFailure(workflow.failure) });
    }
  }

  /** Workflows, newest first. @throws ListFilterInvalidError, as it is iterated */
  list({ query, pageSize = 100 }: ListOptions = {}): AsyncWorkflowListIterable {
    const pages = (): AsyncIterable<WorkflowExecutionInfo> => this.#list(query, pageSize);
    const histories = async function* (this: WorkflowClient): AsyncIterable<{ workflowId: string; history: History }> {
      for await (const { workflowId, runId } of pages()) yield { workflowId, history: await this.#fetchHistory(workflowId, runId) };
    };
    return { [Symbol.asyncIterator]: () => pages()[Symbol.asyncIterator](), intoHistories: () => histories.call(this) };
  }

  /** How many workflows there are of those that `query` names; it may end in `GROUP BY ExecutionStatus`. @throws ListFilterInvalidError */
  async count(query?: string): Promise<CountWorkflowExecution> {
    const body = query === undefined ? {} : { query };
    const { count, groups = [] } = await knownErrors(this.connection.call<CountWorkflowsResponse>({ method: 'POST', path: '/workflows/count', body, isIdempotent: true }));
    return { count, groups: groups.map(({ values, count: inGroup }) => ({ count: inGroup, groupValues: values })) };
  }

  /** Ends the connections that this client made for itself; calls under way fail. */
  async close(): Promise<void> {
    if (this.#ownsConnection) await this.connection.close();
  }

  async #startUpdateWithStart<T extends Workflow, Result>(
    update: UpdateDefinition<Result, Any> | string,
    { args = [], updateId = crypto.randomUUID(), startWorkflowOperation }: WorkflowUpdateOptions & { args?: readonly unknown[]; startWorkflowOperation: WithStartWorkflowOperation<T> },
    waitForStage: WorkflowUpdateStage,
  ): Promise<WorkflowUpdateHandle<Result>> {
    const settle = startWorkflowOperation.use();
    try {
      const compiled = compile(startWorkflowOperation.options, startWorkflowOperation.workflow);
      const { update: started, workflowExecution } = await this.#calls.startUpdateWithStart({
        workflowType: startWorkflowOperation.workflowType,
        workflowStartOptions: compiled,
        workflowStartHeaders: {},
        updateName: nameOf(update, 'An update'),
        updateArgs: args,
        updateHeaders: {},
        updateOptions: { updateId, waitForStage },
      });
      settle.resolve(this.#handle<T, object>(compiled, { runIdForResult: workflowExecution.runId }, { firstExecutionRunId: workflowExecution.runId }));
      return makeUpdateHandle<Result>(this.#context, { ...started, workflowRunId: workflowExecution.runId });
    } catch (error) {
      settle.reject(error);
      throw error;
    }
  }

  async #start<T extends Workflow>(calls: WorkflowClientCalls, workflow: string | T, options: WorkflowStartOptions<T>): Promise<WorkflowHandleWithStartDetails<T>> {
    const compiled = compile(options, workflow);
    const { runId, eagerlyStarted } = await calls.startWithDetails({ workflowType: nameOf(workflow, 'A workflow'), headers: {}, options: compiled });
    return this.#handle(compiled, { runIdForResult: runId }, { firstExecutionRunId: runId, eagerlyStarted });
  }

  #makeCalls(startOne?: StartOne): WorkflowClientCalls {
    const { queryRejectCondition = 'NONE' } = this.options;
    const calls = workflowCalls({ connection: this.connection, payloads: this.#payloads, identity: this.#identity, queryRejectCondition, ...(startOne !== undefined && { startOne }) });
    return withInterceptors(calls, interceptorsOf(this.options));
  }

  #handle<T extends Workflow, Details extends object>({ workflowId, followRuns = true }: CompiledStart, { runIdForResult }: { runIdForResult: string }, details: Details): WorkflowHandle<T> & Details {
    return makeHandle<T, Details>(this.#context, { workflowId, runId: undefined, runIdForResult, firstExecutionRunId: runIdForResult, followRuns }, details);
  }

  async *#list(query: string | undefined, pageSize: number): AsyncIterable<WorkflowExecutionInfo> {
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const body = { pageSize, query: query ?? '', ...(cursor !== undefined && { cursor }) };
      const page: ListWorkflowsResponse = await knownErrors(this.connection.call<ListWorkflowsResponse>({ method: 'POST', path: '/workflows/list', body, isIdempotent: true }));
      for (const summary of page.workflows) yield await toExecutionInfo(summary, this.#payloads);
      cursor = page.nextCursor;
    }
  }

  async #fetchHistory(workflowId: string, runId: string | undefined): Promise<History> {
    const events: History['events'] = [];
    let run = runId;
    for (let after: number | undefined = 0; after !== undefined; ) {
      const path = `/workflows/${encodeURIComponent(workflowId)}/history?afterEventId=${after}${run === undefined ? '' : `&runId=${encodeURIComponent(run)}`}`;
      const page: WorkflowHistoryResponse = await this.connection.call({ method: 'GET', path, isIdempotent: true });
      events.push(...page.events);
      // Pages of one history: the current run may be another one meanwhile.
      run = page.runId;
      after = page.nextAfterEventId;
    }
    return { events };
  }
}

function compile(options: WorkflowOptions & { args?: readonly unknown[] }, workflow: unknown): CompiledStart {
  const names = parameterNames(workflow);
  return { ...options, workflowId: options.workflowId ?? crypto.randomUUID(), args: options.args ?? [], ...(names.length > 0 && { argumentNames: names }) };
}

function interceptorsOf({ interceptors }: WorkflowClientOptions): readonly WorkflowClientInterceptor[] {
  if (interceptors === undefined || Array.isArray(interceptors)) return interceptors ?? [];
  return (interceptors.calls ?? []).map((make) => make({ workflowId: '' }));
}

function withInterceptors(calls: WorkflowClientCalls, interceptors: readonly WorkflowClientInterceptor[]): WorkflowClientCalls {
  const translated = Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, (input: never) => knownErrors((call as (input: never) => Promise<unknown>)(input))])) as unknown as WorkflowClientCalls;
  return interceptedCalls(translated, interceptors);
}
