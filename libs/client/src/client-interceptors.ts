import type { Headers } from '@backstitch/protocol/payloads';
import type { CompiledStart } from './workflow-options.js';
import type { UpdateStarted } from './workflow-updates.js';
import type { WorkflowUpdateStage } from './policies.js';
import type { WorkflowExecutionDescription } from './workflow-description.js';

/** One run of a workflow; without a run id, the current one. */
export interface AddressedExecution {
  workflowId: string;
  runId?: string;
}

export interface WorkflowStartInput {
  readonly workflowType: string;
  readonly headers: Headers;
  readonly options: CompiledStart;
}
export interface WorkflowStartOutput {
  readonly runId: string;
  readonly eagerlyStarted: boolean;
}
export interface WorkflowSignalWithStartInput extends WorkflowStartInput {
  readonly signalName: string;
  readonly signalArgs: readonly unknown[];
}
export interface WorkflowSignalInput {
  readonly signalName: string;
  readonly args: readonly unknown[];
  readonly headers: Headers;
  readonly workflowExecution: AddressedExecution;
}
export interface WorkflowQueryInput {
  readonly queryType: string;
  readonly args: readonly unknown[];
  readonly headers: Headers;
  readonly workflowExecution: AddressedExecution;
}
export interface WorkflowStartUpdateInput {
  readonly updateName: string;
  readonly args: readonly unknown[];
  readonly headers: Headers;
  readonly workflowExecution: AddressedExecution;
  readonly options: { updateId: string; waitForStage: WorkflowUpdateStage };
}
export type WorkflowStartUpdateOutput = UpdateStarted;
export interface WorkflowStartUpdateWithStartInput {
  readonly workflowType: string;
  readonly workflowStartOptions: CompiledStart;
  readonly workflowStartHeaders: Headers;
  readonly updateName: string;
  readonly updateArgs: readonly unknown[];
  readonly updateHeaders: Headers;
  readonly updateOptions: { updateId: string; waitForStage: WorkflowUpdateStage };
}
export interface WorkflowStartUpdateWithStartOutput {
  readonly workflowExecution: { workflowId: string; runId: string };
  readonly update: UpdateStarted;
}
export interface WorkflowCancelInput {
  readonly workflowExecution: AddressedExecution;
  readonly reason?: string;
}
export interface WorkflowTerminateInput {
  readonly workflowExecution: AddressedExecution;
  readonly reason?: string;
  readonly details?: readonly unknown[];
  /** Undo what was done. */
  readonly rollback?: boolean;
}
export interface WorkflowDescribeInput {
  readonly workflowExecution: AddressedExecution;
}

/** What the calls of a client come to, by name. An interceptor has any of them, with `next` for what would happen without it. */
export interface WorkflowClientCalls {
  start(input: WorkflowStartInput): Promise<string>;
  startWithDetails(input: WorkflowStartInput): Promise<WorkflowStartOutput>;
  signal(input: WorkflowSignalInput): Promise<void>;
  signalWithStart(input: WorkflowSignalWithStartInput): Promise<string>;
  query(input: WorkflowQueryInput): Promise<unknown>;
  startUpdate(input: WorkflowStartUpdateInput): Promise<WorkflowStartUpdateOutput>;
  startUpdateWithStart(input: WorkflowStartUpdateWithStartInput): Promise<WorkflowStartUpdateWithStartOutput>;
  cancel(input: WorkflowCancelInput): Promise<unknown>;
  terminate(input: WorkflowTerminateInput): Promise<unknown>;
  describe(input: WorkflowDescribeInput): Promise<WorkflowExecutionDescription>;
}

type CallName = keyof WorkflowClientCalls;
type Next<Name extends CallName> = WorkflowClientCalls[Name];

/** Sees, and may change, every call of a client before it is sent, and its answer. */
export type WorkflowClientInterceptor = {
  [Name in CallName]?: (input: Parameters<WorkflowClientCalls[Name]>[0], next: Next<Name>) => ReturnType<WorkflowClientCalls[Name]>;
};

/** The interceptors' way to a call: the first of them is the outermost. */
export function intercepted<Name extends CallName>(interceptors: readonly WorkflowClientInterceptor[], name: Name, call: WorkflowClientCalls[Name]): WorkflowClientCalls[Name] {
  type Call = (input: unknown) => Promise<unknown>;
  return interceptors.reduceRight<Call>((next, interceptor) => {
    const own = interceptor[name] as ((input: unknown, next: Call) => Promise<unknown>) | undefined;
    return own === undefined ? next : (input) => own.call(interceptor, input, next);
  }, call as Call) as WorkflowClientCalls[Name];
}

/** All calls of a client through its interceptors. */
export function interceptedCalls(calls: WorkflowClientCalls, interceptors: readonly WorkflowClientInterceptor[]): WorkflowClientCalls {
  const starting = interceptors.map(startingWithDetails);
  return Object.fromEntries(
    (Object.keys(calls) as CallName[]).map((name) => [name, intercepted(name === 'startWithDetails' ? starting : interceptors, name, calls[name] as never)]),
  ) as unknown as WorkflowClientCalls;
}

/** An interceptor that knows `start` alone, the older method, sees starts with details too. */
function startingWithDetails(interceptor: WorkflowClientInterceptor): WorkflowClientInterceptor {
  if (interceptor.startWithDetails !== undefined || interceptor.start === undefined) return interceptor;
  return {
    startWithDetails: async (input, next) => {
      let output: WorkflowStartOutput | undefined;
      const runId = await interceptor.start?.(input, async (changed) => (output = await next(changed)).runId);
      return { eagerlyStarted: false, ...output, runId: runId as string };
    },
  };
}
