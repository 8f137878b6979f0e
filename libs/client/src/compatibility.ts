import type { Failure, StartWorkflowRequest, WorkflowDescription, WorkflowSummary } from '@backstitch/protocol';
import type { WorkflowQueryType, WorkflowSignalType, WorkflowUpdateType, WorkflowUpdateValidatorType } from '@backstitch/workflow/common';
import type { AsyncCompletionClientOptions } from './async-completion-client.js';
import type { ClientOptions } from './client.js';
import type { WorkflowClientInterceptor } from './client-interceptors.js';
import type { ConnectionOptions } from './connection.js';
import type { ControlCaller } from './control-caller.js';
import { CallCancelledError, CallDeadlineExceededError, ServiceError } from './errors.js';
import type { QueryRejectCondition } from './policies.js';
import type { ScheduleClientInterceptor, ScheduleClientOptions } from './schedule-client.js';
import type { ScheduleDescriptionAction, ScheduleOptions, ScheduleOverlapPolicy, ScheduleUpdateOptions } from './schedule-options.js';
import type { WorkflowClientOptions } from './workflow-client.js';
import type { History } from './workflow-handle.js';
import type { WorkflowOptions } from './workflow-options.js';

/** Names that programs written for Temporal's client may import, where ours are others or where there is nothing to be done here. */

/** The address that a connection has where none is given. */
export const LOCAL_TARGET = '127.0.0.1:3001';

const QUERY_REJECT_CONDITIONS = [undefined, 'NONE', 'NOT_OPEN', 'NOT_COMPLETED_CLEANLY'] as const;
const OVERLAP_POLICIES = [undefined, 'SKIP', 'BUFFER_ONE', 'BUFFER_ALL', 'CANCEL_OTHER', 'TERMINATE_OTHER', 'ALLOW_ALL'] as const;

/** The number that Temporal's wire has for a condition. */
export function encodeQueryRejectCondition(condition: QueryRejectCondition | undefined): number {
  return QUERY_REJECT_CONDITIONS.indexOf(condition);
}
export function decodeQueryRejectCondition(code: number | undefined): QueryRejectCondition | undefined {
  return QUERY_REJECT_CONDITIONS[code ?? 0];
}
/** The number that Temporal's wire has for a policy. */
export function encodeScheduleOverlapPolicy(policy: ScheduleOverlapPolicy | undefined): number {
  return OVERLAP_POLICIES.indexOf(policy);
}
export function decodeScheduleOverlapPolicy(code: number | undefined): ScheduleOverlapPolicy | undefined {
  return OVERLAP_POLICIES[code ?? 0];
}

/** Options as they are: nothing is to be compiled here. */
export function compileWorkflowOptions<Options extends WorkflowOptions>(options: Options): Options {
  return options;
}

/** Whether a call that failed may be made again: no orchestrator answered. */
export function isRetryableError(error: unknown): boolean {
  return error instanceof ServiceError;
}

/** Whether a deadline of withDeadline ended the call. */
export function isGrpcDeadlineError(error: unknown): error is Error {
  return causesOf(error).some((cause) => cause instanceof CallDeadlineExceededError);
}

/** Whether the signal of withAbortSignal ended the call. */
export function isGrpcCancelledError(error: unknown): error is Error {
  return causesOf(error).some((cause) => cause instanceof CallCancelledError);
}

/** There is no gRPC here: false always. What a call fails with is a ServiceError, or a class of its own. */
export function isGrpcServiceError(_error: unknown): _error is never {
  return false;
}
export const isServerErrorResponse = isGrpcServiceError;

function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let cause = error; cause instanceof Error && !causes.includes(cause); cause = cause.cause) causes.push(cause);
  return causes;
}

export type ConnectionLike = ControlCaller;
export type ConnectionOptionsWithDefaults = ConnectionOptions;
export type CompiledWorkflowOptions = WorkflowOptions;
export type CompiledScheduleAction = ScheduleDescriptionAction;
export type CompiledScheduleOptions = ScheduleOptions;
export type CompiledScheduleUpdateOptions = ScheduleUpdateOptions;
export type LoadedClientOptions = ClientOptions;
export type LoadedWorkflowClientOptions = WorkflowClientOptions;
export type LoadedScheduleClientOptions = ScheduleClientOptions;
export type LoadedAsyncCompletionClientOptions = AsyncCompletionClientOptions;
export type WorkflowClientInterceptors = NonNullable<WorkflowClientOptions['interceptors']>;
export type WorkflowClientCallsInterceptor = WorkflowClientInterceptor;
export interface WorkflowClientCallsInterceptorFactoryInput {
  workflowId: string;
  runId?: string;
}
export type WorkflowClientCallsInterceptorFactory = (input: WorkflowClientCallsInterceptorFactoryInput) => WorkflowClientInterceptor;
export interface ClientInterceptors {
  workflow?: WorkflowClientInterceptors;
  schedule?: ScheduleClientInterceptor[];
}
export interface HistoryAndWorkflowId {
  workflowId: string;
  history: History | undefined;
}
export interface IntoHistoriesOptions {
  concurrency?: number;
  bufferLimit?: number;
}
export interface GetWorkflowUpdateHandleOptions {
  workflowRunId?: string;
}
/** What the orchestrator answers for a workflow. */
export type DescribeWorkflowExecutionResponse = WorkflowDescription;
export type RawWorkflowExecutionInfo = WorkflowSummary;
export type StartWorkflowExecutionRequest = StartWorkflowRequest;
export type RequestCancelWorkflowExecutionResponse = unknown;
export type TerminateWorkflowExecutionResponse = unknown;
export type WithCompiledWorkflowOptions<Options> = Options;
export type ProtoFailure = Failure;
export type AsyncCompletionCompleteOptions = object;
export type AsyncCompletionOperationOptions = object;
export type WorkflowQueryAnnotatedType = { handler: WorkflowQueryType; description?: string };
export type WorkflowSignalAnnotatedType = { handler: WorkflowSignalType; description?: string };
export type WorkflowUpdateAnnotatedType = { handler: WorkflowUpdateType; validator?: WorkflowUpdateValidatorType; description?: string };
