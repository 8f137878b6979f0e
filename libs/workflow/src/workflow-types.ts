/* eslint-disable @typescript-eslint/no-explicit-any -- what authors write for Temporal must fit: their functions may have any arguments */
import type { Duration } from './duration.js';
import type { ActivityRetryPolicy } from './activity-options.js';
import type { SignalDefinition } from './message-definitions.js';
import type { HandlerUnfinishedPolicy, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from './policies.js';
import type { SearchAttributePair, SearchAttributes, TypedSearchAttributes } from './typed-search-attributes.js';
import type { PayloadTypeInfo, Priority, SignalTypeInfo } from './type-info.js';

export type WorkflowReturnType = Promise<any>;
/** A workflow function. */
export type Workflow = (...args: any[]) => WorkflowReturnType;
/** What a workflow's promise resolves with. */
export type WorkflowResultType<W extends Workflow> = ReturnType<W> extends Promise<infer Result> ? Result : never;
export type WorkflowSignalType = (...args: any[]) => Promise<void> | void;
export type WorkflowQueryType = (...args: any[]) => any;
export type WorkflowUpdateType = (...args: any[]) => Promise<any> | any;
export type WorkflowUpdateValidatorType = (...args: any[]) => void;

/** A handler with what was said of it. */
export interface WorkflowSignalAnnotatedType {
  handler: WorkflowSignalType;
  unfinishedPolicy: HandlerUnfinishedPolicy;
  description?: string;
  typeInfo?: SignalTypeInfo;
}

/** A handler with what was said of it. */
export interface WorkflowQueryAnnotatedType {
  handler: WorkflowQueryType;
  description?: string;
  typeInfo?: PayloadTypeInfo;
}

/** A handler with what was said of it. */
export interface WorkflowUpdateAnnotatedType {
  handler: WorkflowUpdateType;
  unfinishedPolicy: HandlerUnfinishedPolicy;
  validator?: WorkflowUpdateValidatorType;
  description?: string;
  typeInfo?: PayloadTypeInfo;
}

/** `T` with the arguments of `W`, which must be given if there are any. */
export type WithWorkflowArgs<W extends Workflow, T> = T &
  (Parameters<W> extends [any, ...any[]] ? { args: Parameters<W> | Readonly<Parameters<W>> } : { args?: Parameters<W> | Readonly<Parameters<W>> });

export interface WorkflowDurationOptions {
  /** One run of the chain. Default: no limit. */
  workflowRunTimeout?: Duration;
  /** The whole chain of runs. Default: no limit. */
  workflowExecutionTimeout?: Duration;
  /** One workflow task. Recorded; the sandbox's own limit is what is enforced. */
  workflowTaskTimeout?: Duration;
}

export interface BaseWorkflowOptions {
  workflowIdReusePolicy?: WorkflowIdReusePolicy;
  workflowIdConflictPolicy?: WorkflowIdConflictPolicy;
  /** Default: a workflow that fails is not tried again. */
  retry?: ActivityRetryPolicy;
  cronSchedule?: string;
  memo?: Record<string, unknown>;
  /** Older form of `typedSearchAttributes`. */
  searchAttributes?: SearchAttributes;
  typedSearchAttributes?: SearchAttributePair[] | TypedSearchAttributes;
  /** Text for people who look at the run. */
  staticDetails?: string;
  /** One line for people who look at the run. */
  staticSummary?: string;
  /** Taken and ignored. */
  priority?: Priority;
}

export type CommonWorkflowOptions = BaseWorkflowOptions & WorkflowDurationOptions;

export interface WorkflowTypeOptions {
  type: string;
  typeInfo?: PayloadTypeInfo;
}

/** What a handle has, whoever holds it. */
export interface BaseWorkflowHandle<T extends Workflow> {
  /** Resolves with what the workflow returns. */
  result(): Promise<WorkflowResultType<T>>;
  signal<Args extends any[] = [], Name extends string = string>(definition: SignalDefinition<Args, Name> | string, ...args: Args): Promise<void>;
  signalWithOptions<Args extends any[] = []>(signalName: string, options: WorkflowSignalOptions<Args>): Promise<void>;
  readonly workflowId: string;
}

export interface WorkflowSignalOptions<Args extends any[] = []> {
  args?: Args;
  typeInfo?: SignalTypeInfo;
}

export interface WorkflowQueryOptions<Args extends any[] = []> {
  args?: Args;
  typeInfo?: PayloadTypeInfo;
}

/** A child that this workflow has started. */
export interface ChildWorkflowHandle<T extends Workflow> extends BaseWorkflowHandle<T> {
  readonly firstExecutionRunId: string;
}

/** Another workflow. */
export interface ExternalWorkflowHandle {
  /** Resolves when the signal stands in the other run's history. */
  signal<Args extends any[] = [], Name extends string = string>(definition: SignalDefinition<Args, Name> | string, ...args: Args): Promise<void>;
  signalWithOptions<Args extends any[] = []>(signalName: string, options: WorkflowSignalOptions<Args>): Promise<void>;
  /** Asks that it be cancelled; resolves when the request stands in its history. */
  cancel(): Promise<void>;
  readonly workflowId: string;
  readonly runId?: string;
}

/** The type of a workflow, by its name or by its function. @throws TypeError for what is neither, or for a function without a name */
export function extractWorkflowTypeAndConfig<T extends Workflow>(workflow: string | T, typeInfo?: PayloadTypeInfo): WorkflowTypeOptions {
  if (typeof workflow === 'string') return { type: workflow, ...(typeInfo === undefined ? {} : { typeInfo }) };
  if (typeof workflow !== 'function') throw new TypeError(`A workflow type must be text or a function, not ${typeof workflow}.`);
  if (workflow.name === '') throw new TypeError('Invalid workflow type: the workflow function is anonymous');
  const defined = (workflow as { staticOptions?: { typeInfo?: PayloadTypeInfo } }).staticOptions?.typeInfo;
  return { type: workflow.name, ...(defined === undefined ? {} : { typeInfo: defined }) };
}

/** The type of a workflow, by its name or by its function. @throws TypeError for what is neither, or for a function without a name */
export function extractWorkflowType<T extends Workflow>(workflow: string | T): string {
  return extractWorkflowTypeAndConfig(workflow).type;
}
