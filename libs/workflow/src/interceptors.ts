import type { Activation, WorkflowCommand, WorkflowExecution } from '@backstitch/protocol';
import type { ActivityOptions, LocalActivityOptions } from './activity-options.js';
import type { ChildWorkflowOptionsWithDefaults } from './child-workflow-options.js';
import type { ContinueAsNewOptions } from './continue-as-new.js';
import type { MetricTags } from './metric-types.js';
import type { Headers } from '@backstitch/protocol/payloads';
import type { EventGroupMarker, PayloadTypeInfo, SignalTypeInfo } from './type-info.js';

export type { Headers } from '@backstitch/protocol/payloads';

// Methods of any kind.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyMethod = (...args: any[]) => any;
type WithoutLast<Args> = Args extends [...infer Rest, unknown] ? Rest : never;
type WithoutLastParameter<Method extends AnyMethod> = (...args: WithoutLast<Parameters<Method>>) => ReturnType<Method>;

/** What an interceptor calls to go on: its own method without the last parameter. */
export type Next<Interceptor, Name extends keyof Interceptor> = Required<Interceptor>[Name] extends AnyMethod ? WithoutLastParameter<Required<Interceptor>[Name]> : never;

/** Makes the interceptors of one run: what a module of interceptors exports as `interceptors`. */
export type WorkflowInterceptorsFactory = () => WorkflowInterceptors;

/** Stand between a run and the outside, first one outermost. Temporal's names. */
export interface WorkflowInterceptors {
  inbound?: WorkflowInboundCallsInterceptor[];
  outbound?: WorkflowOutboundCallsInterceptor[];
  internals?: WorkflowInternalsInterceptor[];
}

/** What comes to a run. */
export interface WorkflowInboundCallsInterceptor {
  execute?: (input: WorkflowExecuteInput, next: Next<WorkflowInboundCallsInterceptor, 'execute'>) => Promise<unknown>;
  handleUpdate?: (input: UpdateInput, next: Next<WorkflowInboundCallsInterceptor, 'handleUpdate'>) => Promise<unknown>;
  validateUpdate?: (input: UpdateInput, next: Next<WorkflowInboundCallsInterceptor, 'validateUpdate'>) => void;
  handleSignal?: (input: SignalInput, next: Next<WorkflowInboundCallsInterceptor, 'handleSignal'>) => Promise<void>;
  handleQuery?: (input: QueryInput, next: Next<WorkflowInboundCallsInterceptor, 'handleQuery'>) => Promise<unknown>;
}

export interface WorkflowExecuteInput {
  readonly args: unknown[];
  readonly headers: Headers;
}

export interface UpdateInput {
  readonly updateId: string;
  readonly name: string;
  readonly args: unknown[];
  readonly headers: Headers;
}

export interface SignalInput {
  readonly signalName: string;
  readonly args: unknown[];
  readonly headers: Headers;
}

export interface QueryInput {
  readonly queryId: string;
  readonly queryName: string;
  readonly args: unknown[];
  readonly headers: Headers;
}

/** What a run asks for. */
export interface WorkflowOutboundCallsInterceptor {
  startTimer?: (input: TimerInput, next: Next<WorkflowOutboundCallsInterceptor, 'startTimer'>) => Promise<void>;
  scheduleActivity?: (input: ActivityInput, next: Next<WorkflowOutboundCallsInterceptor, 'scheduleActivity'>) => Promise<unknown>;
  scheduleLocalActivity?: (input: LocalActivityInput, next: Next<WorkflowOutboundCallsInterceptor, 'scheduleLocalActivity'>) => Promise<unknown>;
  startNexusOperation?: (input: StartNexusOperationInput, next: Next<WorkflowOutboundCallsInterceptor, 'startNexusOperation'>) => Promise<StartNexusOperationOutput>;
  startChildWorkflowExecution?: (
    input: StartChildWorkflowExecutionInput,
    next: Next<WorkflowOutboundCallsInterceptor, 'startChildWorkflowExecution'>,
  ) => Promise<[Promise<string>, Promise<unknown>]>;
  signalWorkflow?: (input: SignalWorkflowInput, next: Next<WorkflowOutboundCallsInterceptor, 'signalWorkflow'>) => Promise<void>;
  continueAsNew?: (input: ContinueAsNewInput, next: Next<WorkflowOutboundCallsInterceptor, 'continueAsNew'>) => Promise<never>;
  getLogAttributes?: (input: GetLogAttributesInput, next: Next<WorkflowOutboundCallsInterceptor, 'getLogAttributes'>) => Record<string, unknown>;
  getMetricTags?: (input: GetMetricTagsInput, next: Next<WorkflowOutboundCallsInterceptor, 'getMetricTags'>) => MetricTags;
}

export interface TimerInput {
  readonly durationMs: number;
  readonly seq: number;
  readonly options?: TimerOptions;
}

/** What can be said of a timer. */
export interface TimerOptions {
  /** One line for people who look at the run. */
  readonly summary?: string;
  readonly eventGroups?: EventGroupMarker[];
}

export interface ActivityInput {
  readonly activityType: string;
  readonly args: unknown[];
  readonly options: ActivityOptions;
  readonly headers: Headers;
  readonly seq: number;
  readonly typeInfo?: PayloadTypeInfo;
}

export interface LocalActivityInput {
  readonly activityType: string;
  readonly args: unknown[];
  readonly options: LocalActivityOptions;
  readonly headers: Headers;
  readonly seq: number;
  /** When the first attempt was scheduled, from the second on. */
  readonly originalScheduleTimeMs?: number;
  readonly attempt: number;
  readonly typeInfo?: PayloadTypeInfo;
}

/** Backstitch has no Nexus; the type is there for interceptors that name it. */
export interface StartNexusOperationInput {
  readonly input: unknown;
  readonly endpoint: string;
  readonly service: string;
  readonly options: StartNexusOperationOptions;
  readonly operation: string;
  readonly seq: number;
  readonly headers: Record<string, string>;
}

export interface StartNexusOperationOptions {
  readonly scheduleToCloseTimeout?: string | number;
  readonly summary?: string;
}

export interface StartNexusOperationOutput {
  readonly token?: string;
  readonly result: Promise<unknown>;
}

export interface StartChildWorkflowExecutionInput {
  readonly workflowType: string;
  readonly options: ChildWorkflowOptionsWithDefaults;
  readonly headers: Headers;
  readonly seq: number;
}

export interface SignalWorkflowInput {
  readonly seq: number;
  readonly signalName: string;
  readonly args: unknown[];
  readonly typeInfo?: SignalTypeInfo;
  readonly headers: Headers;
  readonly target:
    | { readonly type: 'external'; readonly workflowExecution: Partial<WorkflowExecution> }
    | { readonly type: 'child'; readonly childWorkflowId: string };
}

export interface ContinueAsNewInput {
  readonly args: unknown[];
  readonly headers: Headers;
  readonly options: ContinueAsNewInputOptions;
}

export type ContinueAsNewInputOptions = ContinueAsNewOptions & Required<Pick<ContinueAsNewOptions, 'workflowType'>>;
export type GetLogAttributesInput = Record<string, unknown>;
export type GetMetricTagsInput = MetricTags;

/** Around the activations of a run. */
export interface WorkflowInternalsInterceptor {
  activate?(input: ActivateInput, next: Next<this, 'activate'>): void;
  concludeActivation?(input: ConcludeActivationInput, next: Next<this, 'concludeActivation'>): ConcludeActivationOutput;
  /** Backstitch never calls it: a run that leaves the cache is forgotten, and nothing of it runs any more. */
  dispose?(input: DisposeInput, next: Next<this, 'dispose'>): void;
}

export interface ActivateInput {
  /** Backstitch's own jobs, not Temporal's. */
  readonly activation: Pick<Activation, 'runId' | 'timestampMs' | 'jobs'>;
  readonly batchIndex: number;
}

/** Empty, as in Temporal. */
export interface DisposeInput {}

export interface ConcludeActivationInput {
  /** Backstitch's own commands, not Temporal's. */
  readonly commands: WorkflowCommand[];
}

export type ConcludeActivationOutput = ConcludeActivationInput;
