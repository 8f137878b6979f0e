import type { HistoryEvent, UpdateOutcome } from '@backstitch/protocol';
import type { WorkflowClientCalls } from './client-interceptors.js';
import { nameOf, type QueryDefinition, type SignalDefinition, type UpdateDefinition, type Workflow, type WorkflowResultType } from './definitions.js';
import type { Payloads } from './payloads.js';
import type { WorkflowUpdateStage } from './policies.js';
import type { WorkflowClient } from './workflow-client.js';
import type { WorkflowExecutionDescription } from './workflow-description.js';
import { resultOf, type UpdateStarted, type WorkflowUpdateHandle } from './workflow-updates.js';

/** Options of one update. */
export interface WorkflowUpdateOptions {
  /** The same id again joins the update that was accepted before. Default: a fresh UUID. */
  readonly updateId?: string;
}

export interface WorkflowResultOptions {
  /** Runs that continue the awaited one - continue-as-new, retry, cron - count in its place. Default true. */
  followRuns?: boolean;
}

export interface GetWorkflowHandleOptions extends WorkflowResultOptions {
  /** Calls are refused with WorkflowNotFoundError if the workflow's current run does not belong to the chain that began with this one. */
  firstExecutionRunId?: string;
}

/** The whole history of one run. */
export interface History {
  events: HistoryEvent[];
}

// Arguments must stay open here: an update, a signal or a query may have any.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;

/** One workflow. Calls go to the run that the handle names, or to the current one. Errors: WorkflowNotFoundError, ServiceError and those named below. */
export interface WorkflowHandle<T extends Workflow = Workflow> {
  readonly workflowId: string;
  readonly client: WorkflowClient;
  /** Waits for the result. @throws WorkflowFailedError, WorkflowContinuedAsNewError */
  result(): Promise<WorkflowResultType<T>>;
  signal<Args extends Any[] = []>(definition: SignalDefinition<Args> | string, ...args: Args): Promise<void>;
  /** @throws QueryNotRegisteredError, QueryFailedError, QueryRejectedError */
  query<Result, Args extends Any[] = []>(definition: QueryDefinition<Result, Args> | string, ...args: Args): Promise<Result>;
  /** Sends an update and waits for its result. @throws WorkflowUpdateFailedError */
  executeUpdate<Result, Args extends [Any, ...Any[]]>(definition: UpdateDefinition<Result, Args> | string, options: WorkflowUpdateOptions & { args: Args }): Promise<Result>;
  executeUpdate<Result, Args extends []>(definition: UpdateDefinition<Result, Args> | string, options?: WorkflowUpdateOptions & { args?: Args }): Promise<Result>;
  /** Sends an update and waits until it is accepted (or refused, which its handle's `result` tells). */
  startUpdate<Result, Args extends [Any, ...Any[]]>(definition: UpdateDefinition<Result, Args> | string, options: WorkflowUpdateOptions & { args: Args; waitForStage: 'ACCEPTED' }): Promise<WorkflowUpdateHandle<Result>>;
  startUpdate<Result, Args extends []>(definition: UpdateDefinition<Result, Args> | string, options: WorkflowUpdateOptions & { args?: Args; waitForStage: 'ACCEPTED' }): Promise<WorkflowUpdateHandle<Result>>;
  /** A handle on an update that was accepted before. */
  getUpdateHandle<Result>(updateId: string): WorkflowUpdateHandle<Result>;
  /** Asks for cancellation; a second request changes nothing. */
  cancel(reason?: string): Promise<unknown>;
  /** Ends the workflow at once. @param options.rollback undo what was done, without the workflow's code */
  terminate(reason?: string, options?: { rollback?: boolean; details?: unknown[] }): Promise<unknown>;
  describe(): Promise<WorkflowExecutionDescription>;
  /** The whole history. */
  fetchHistory(): Promise<History>;
}

export interface WorkflowHandleWithFirstExecutionRunId<T extends Workflow = Workflow> extends WorkflowHandle<T> {
  /** Of the chain that the start began, or joined. */
  readonly firstExecutionRunId: string;
}

export interface WorkflowHandleWithStartDetails<T extends Workflow = Workflow> extends WorkflowHandleWithFirstExecutionRunId<T> {
  /** The first task ran with the start, as it was asked for. */
  readonly eagerlyStarted: boolean;
}

export interface WorkflowHandleWithSignaledRunId<T extends Workflow = Workflow> extends WorkflowHandle<T> {
  readonly signaledRunId: string;
}

/** What a handle needs of its client. */
export interface HandleContext {
  client: WorkflowClient;
  calls: WorkflowClientCalls;
  payloads: Payloads;
  awaitOutcome(target: { workflowId: string; runId?: string | undefined }, updateId: string): Promise<UpdateOutcome>;
  fetchHistory(workflowId: string, runId: string | undefined): Promise<History>;
}

export interface HandleTarget {
  workflowId: string;
  /** Calls go to it. */
  runId: string | undefined;
  /** Its result is awaited. */
  runIdForResult: string | undefined;
  firstExecutionRunId: string | undefined;
  followRuns: boolean;
}

export function makeHandle<T extends Workflow, Details extends object>({ client, calls, payloads, ...context }: HandleContext, target: HandleTarget, details: Details): WorkflowHandle<T> & Details {
  const { workflowId, runId, runIdForResult, firstExecutionRunId, followRuns } = target;
  const workflowExecution = { workflowId, ...(runId !== undefined && { runId }), ...(firstExecutionRunId !== undefined && { firstExecutionRunId }) };
  const startUpdate = (definition: UpdateDefinition<Any, Any> | string, args: readonly unknown[], updateId: string = crypto.randomUUID(), waitForStage: WorkflowUpdateStage): Promise<UpdateStarted> =>
    calls.startUpdate({ updateName: nameOf(definition, 'An update'), args, headers: {}, workflowExecution, options: { updateId, waitForStage } });
  const handle: WorkflowHandle<T> = {
    workflowId,
    client,
    result: () => client.result<WorkflowResultType<T>>(workflowId, runIdForResult, { followRuns }),
    signal: (definition, ...args) => calls.signal({ signalName: nameOf(definition, 'A signal'), args, headers: {}, workflowExecution }),
    query: async <Result>(definition: QueryDefinition<Result, Any> | string, ...args: unknown[]) =>
      (await calls.query({ queryType: nameOf(definition, 'A query'), args, headers: {}, workflowExecution })) as Result,
    executeUpdate: async (definition: UpdateDefinition<Any, Any> | string, options: WorkflowUpdateOptions & { args?: readonly unknown[] } = {}) => {
      const { outcome, updateId, workflowRunId } = await startUpdate(definition, options.args ?? [], options.updateId, 'COMPLETED');
      return resultOf<Any>(outcome ?? (await context.awaitOutcome({ workflowId, runId: workflowRunId }, updateId)), payloads);
    },
    startUpdate: async (definition: UpdateDefinition<Any, Any> | string, options: WorkflowUpdateOptions & { args?: readonly unknown[]; waitForStage: 'ACCEPTED' }) =>
      makeUpdateHandle<Any>({ payloads, ...context }, await startUpdate(definition, options.args ?? [], options.updateId, options.waitForStage)),
    getUpdateHandle: (updateId) => makeUpdateHandle({ payloads, ...context }, { updateId, workflowId, workflowRunId: runId ?? '' }),
    cancel: (reason) => calls.cancel({ workflowExecution, ...(reason !== undefined && { reason }) }),
    terminate: (reason, options) => calls.terminate({ workflowExecution, ...(reason !== undefined && { reason }), ...options }),
    describe: () => calls.describe({ workflowExecution }),
    fetchHistory: () => context.fetchHistory(workflowId, runId ?? runIdForResult),
  };
  return Object.assign(handle, details);
}

export function makeUpdateHandle<Result>({ payloads, awaitOutcome }: Pick<HandleContext, 'payloads' | 'awaitOutcome'>, { updateId, workflowId, workflowRunId, outcome }: UpdateStarted): WorkflowUpdateHandle<Result> {
  return {
    updateId,
    workflowId,
    ...(workflowRunId !== '' && { workflowRunId }),
    result: async () => resultOf<Result>(outcome ?? (await awaitOutcome({ workflowId, runId: workflowRunId }, updateId)), payloads),
  };
}
