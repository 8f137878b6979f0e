import type { RetryPolicy as WireRetryPolicy, SearchAttributes, SearchAttributeValue, StartWorkflowRequest, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@backstitch/protocol';
import { durationToMs, type Duration } from '@backstitch/protocol/failures';
import { headersToJson, type Headers } from '@backstitch/protocol/payloads';
import type { SignalDefinition, Workflow, WithWorkflowArgs } from './definitions.js';
import type { Payloads } from './payloads.js';

/** How a workflow that failed is started again. Durations as in `'30 seconds'`, or milliseconds. */
export interface RetryPolicy {
  /** Default 2. */
  backoffCoefficient?: number;
  /** Default 1 second. */
  initialInterval?: Duration;
  /** Default unlimited. */
  maximumAttempts?: number;
  /** Default a hundred times the initial one. */
  maximumInterval?: Duration;
  nonRetryableErrorTypes?: string[];
}

/** Search attributes as pairs of a typed key and a value; whatever has `getAll()`, or an array of the pairs. */
export type TypedSearchAttributesLike =
  | { getAll(): readonly { key: { name: string }; value: unknown }[] }
  | readonly { key: { name: string }; value: unknown }[];

/** How a workflow is started. */
export interface WorkflowOptions {
  /** Names the workflow for its whole life, and those that take its place. Default: a fresh UUID. */
  workflowId?: string;
  /** Default queue of the workflow's activities, as recorded. Default: the orchestrator's own. */
  taskQueue?: string;
  /** Whether the id of a closed run may be used again. Default ALLOW_DUPLICATE. */
  workflowIdReusePolicy?: WorkflowIdReusePolicy | 'TERMINATE_IF_RUNNING' | `WORKFLOW_ID_REUSE_POLICY_${WorkflowIdReusePolicy}`;
  /** What a start does whose id a running workflow has. Default FAIL. */
  workflowIdConflictPolicy?: WorkflowIdConflictPolicy | `WORKFLOW_ID_CONFLICT_POLICY_${WorkflowIdConflictPolicy}`;
  /** Default: a workflow that failed is not started again. */
  retry?: RetryPolicy;
  /** Five fields, UTC unless `CRON_TZ=` stands before them. */
  cronSchedule?: string;
  memo?: Record<string, unknown>;
  searchAttributes?: Record<string, SearchAttributeValue | readonly (SearchAttributeValue | Date)[] | Date>;
  typedSearchAttributes?: TypedSearchAttributesLike;
  /** All runs of the chain together may take so long. Default: no limit. */
  workflowExecutionTimeout?: Duration;
  /** One run may take so long. Default: no limit. */
  workflowRunTimeout?: Duration;
  workflowTaskTimeout?: Duration;
  /** Pause before the first workflow task. */
  startDelay?: Duration;
  /** Whether `result` follows the runs that continue the one that was started. Default true. */
  followRuns?: boolean;
  /** The first task always runs with the start here; the handle says so if it was asked for. */
  requestEagerStart?: boolean;
  /** One line for people, kept in the memo. */
  staticSummary?: string;
  /** Text for people, kept in the memo. */
  staticDetails?: string;
  /** Taken and not used. */
  priority?: object;
  /** Taken and not used. */
  versioningOverride?: object;
  /** The same start again answers as the first did, for callers that may repeat themselves. Default: each call is a start of its own. */
  requestId?: string;
}

export type WorkflowStartOptions<W extends Workflow = Workflow> = WithWorkflowArgs<W, WorkflowOptions & { taskQueue: string }>;

/** Where the signal brings arguments. */
export type WorkflowSignalWithStartOptionsWithArgs<SignalArgs extends [unknown, ...unknown[]]> = WorkflowSignalWithStartOptions<SignalArgs>;
/** Where it brings none. */
export type WorkflowSignalWithStartOptionsWithoutArgs = WorkflowSignalWithStartOptions;

export type WorkflowSignalWithStartOptions<SignalArgs extends unknown[] = []> = WorkflowOptions & {
  args?: readonly unknown[];
  signal: SignalDefinition<SignalArgs> | string;
  taskQueue: string;
} & (SignalArgs extends [unknown, ...unknown[]] ? { signalArgs: SignalArgs | Readonly<SignalArgs> } : { signalArgs?: SignalArgs | Readonly<SignalArgs> });

/** Memo fields that hold what a person may want to read of a run. */
export const SUMMARY_MEMO = '__backstitch_summary';
export const DETAILS_MEMO = '__backstitch_details';

export interface CompiledStart extends WorkflowOptions {
  workflowId: string;
  args: readonly unknown[];
  /** Names of the workflow's parameters, where it was given as a function: for errors. */
  argumentNames?: readonly string[];
}

/** The request of one start. @throws TypeError for what is no duration, or cannot be sent */
export async function toStartRequest(workflowType: string, options: CompiledStart, payloads: Payloads, headers: Headers): Promise<StartWorkflowRequest> {
  const { workflowId, args, taskQueue, cronSchedule, retry, requestId, staticSummary, staticDetails } = options;
  const memo = await payloads.encodeFields({
    ...options.memo,
    ...(staticSummary !== undefined && { [SUMMARY_MEMO]: staticSummary }),
    ...(staticDetails !== undefined && { [DETAILS_MEMO]: staticDetails }),
  });
  const searchAttributes = searchAttributesOf(options);
  const { reusePolicy, conflictPolicy } = policiesOf(options);
  return {
    workflowId,
    workflowType,
    args: await payloads.encodeAll(args),
    workflowIdReusePolicy: reusePolicy,
    ...(conflictPolicy !== undefined && { workflowIdConflictPolicy: conflictPolicy }),
    // Sent again by the connection, it is the same request; asked for again by the program, it is another one.
    requestFingerprint: requestId ?? crypto.randomUUID(),
    ...(taskQueue !== undefined && { taskQueue }),
    ...(memo !== undefined && Object.keys(memo).length > 0 && { memo }),
    ...(searchAttributes !== undefined && { searchAttributes }),
    ...(retry !== undefined && { retryPolicy: toWireRetryPolicy(retry) }),
    ...(cronSchedule !== undefined && cronSchedule !== '' && { cronSchedule }),
    ...milliseconds('workflowExecutionTimeoutMs', options.workflowExecutionTimeout),
    ...milliseconds('workflowRunTimeoutMs', options.workflowRunTimeout),
    ...milliseconds('workflowTaskTimeoutMs', options.workflowTaskTimeout),
    ...milliseconds('startDelayMs', options.startDelay),
    ...(Object.keys(headers).length > 0 && { headers: headersToJson(headers) }),
  };
}

/** A search attribute's values in an array, dates as text. */
export function searchAttributesOf({ searchAttributes, typedSearchAttributes }: Pick<WorkflowOptions, 'searchAttributes' | 'typedSearchAttributes'>): SearchAttributes | undefined {
  const pairs: [string, unknown][] = Object.entries(searchAttributes ?? {});
  const typed = typedSearchAttributes === undefined ? [] : 'getAll' in typedSearchAttributes ? typedSearchAttributes.getAll() : typedSearchAttributes;
  typed.forEach(({ key, value }) => pairs.push([key.name, value]));
  if (pairs.length === 0) return undefined;
  const known = pairs.filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(known.map(([name, value]) => [name, (Array.isArray(value) ? value : [value]).map((item: unknown) => (item instanceof Date ? item.toISOString() : item) as SearchAttributeValue)]));
}

export function toWireRetryPolicy(retry: RetryPolicy): WireRetryPolicy {
  return {
    ...(retry.backoffCoefficient !== undefined && { backoffCoefficient: retry.backoffCoefficient }),
    ...(retry.maximumAttempts !== undefined && Number.isFinite(retry.maximumAttempts) && { maximumAttempts: retry.maximumAttempts }),
    ...(retry.nonRetryableErrorTypes !== undefined && { nonRetryableErrorTypes: retry.nonRetryableErrorTypes }),
    ...milliseconds('initialIntervalMs', retry.initialInterval),
    ...milliseconds('maximumIntervalMs', retry.maximumInterval),
  };
}

function policiesOf({ workflowIdReusePolicy = 'ALLOW_DUPLICATE', workflowIdConflictPolicy }: WorkflowOptions): { reusePolicy: WorkflowIdReusePolicy; conflictPolicy: WorkflowIdConflictPolicy | undefined } {
  const conflictPolicy = workflowIdConflictPolicy?.replace('WORKFLOW_ID_CONFLICT_POLICY_', '') as WorkflowIdConflictPolicy | undefined;
  // The old name of a start that ends the run before it.
  if (workflowIdReusePolicy === 'TERMINATE_IF_RUNNING') return { reusePolicy: 'ALLOW_DUPLICATE', conflictPolicy: 'TERMINATE_EXISTING' };
  return { reusePolicy: workflowIdReusePolicy.replace('WORKFLOW_ID_REUSE_POLICY_', '') as WorkflowIdReusePolicy, conflictPolicy };
}

function milliseconds<Name extends string>(name: Name, duration: Duration | undefined): { [K in Name]?: number } {
  return duration === undefined ? {} : ({ [name]: durationToMs(duration, name.replace(/Ms$/, '')) } as { [K in Name]?: number });
}
