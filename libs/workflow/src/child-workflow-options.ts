import type { ChildWorkflowOptions as ScheduledChildOptions } from '@backstitch/protocol';
import { DEFAULT_RETRY_POLICY } from '@backstitch/protocol';
import { optionalMs, resolveRetry } from './activity-options.js';
import { ValueError } from '@backstitch/protocol/payloads';
import { decodeWorkflowIdReusePolicy, type ChildWorkflowCancellationType, type ParentClosePolicy } from './policies.js';
import { searchAttributesToJson } from './search-attribute-values.js';
import type { EventGroupMarker, PayloadTypeInfo, VersioningIntent } from './type-info.js';
import type { CommonWorkflowOptions } from './workflow-types.js';

/** How a child is started. Temporal's names. */
export interface ChildWorkflowOptions extends Omit<CommonWorkflowOptions, 'workflowIdConflictPolicy'> {
  typeInfo?: PayloadTypeInfo;
  /** Default: a random UUID. */
  workflowId?: string;
  /** Default: the parent's. */
  taskQueue?: string;
  /** Default WAIT_CANCELLATION_COMPLETED. */
  cancellationType?: ChildWorkflowCancellationType;
  /** Default TERMINATE. */
  parentClosePolicy?: ParentClosePolicy;
  /** Taken and ignored. */
  versioningIntent?: VersioningIntent;
  /** Taken and ignored. */
  eventGroups?: EventGroupMarker[];
}

/** Options with what has a default. */
export type ChildWorkflowOptionsWithDefaults = ChildWorkflowOptions & Required<Pick<ChildWorkflowOptions, 'workflowId' | 'cancellationType'>> & { args: unknown[] };

const PARENT_CLOSE_POLICIES: readonly unknown[] = ['TERMINATE', 'ABANDON', 'REQUEST_CANCEL'];
const CANCELLATION_TYPES: readonly unknown[] = ['ABANDON', 'TRY_CANCEL', 'WAIT_CANCELLATION_REQUESTED', 'WAIT_CANCELLATION_COMPLETED'];

/** Options of a child as they are recorded. @throws TypeError or ValueError for an option that makes no sense */
export function resolveChildOptions(options: ChildWorkflowOptions, defaultTaskQueue: string): ScheduledChildOptions & { workflowIdConflictPolicy?: 'TERMINATE_EXISTING' } {
  const { cancellationType = 'WAIT_CANCELLATION_COMPLETED', searchAttributes, typedSearchAttributes, memo, retry } = options;
  const parentClosePolicy = options.parentClosePolicy ?? 'TERMINATE';
  if (!PARENT_CLOSE_POLICIES.includes(parentClosePolicy)) throw new ValueError(`Invalid parentClosePolicy: ${String(parentClosePolicy)}`);
  if (!CANCELLATION_TYPES.includes(cancellationType)) throw new ValueError(`Invalid cancellationType: ${String(cancellationType)}`);
  const reusePolicy = decodeWorkflowIdReusePolicy(options.workflowIdReusePolicy) ?? 'ALLOW_DUPLICATE';
  return {
    taskQueue: options.taskQueue ?? defaultTaskQueue,
    parentClosePolicy,
    cancellationType,
    workflowIdReusePolicy: reusePolicy === 'TERMINATE_IF_RUNNING' ? 'ALLOW_DUPLICATE' : reusePolicy,
    ...(reusePolicy === 'TERMINATE_IF_RUNNING' ? { workflowIdConflictPolicy: 'TERMINATE_EXISTING' as const } : {}),
    workflowExecutionTimeoutMs: optionalMs(options.workflowExecutionTimeout, 'workflowExecutionTimeout'),
    workflowRunTimeoutMs: optionalMs(options.workflowRunTimeout, 'workflowRunTimeout'),
    workflowTaskTimeoutMs: optionalMs(options.workflowTaskTimeout, 'workflowTaskTimeout'),
    ...(retry === undefined ? {} : { retryPolicy: resolveRetry(retry, DEFAULT_RETRY_POLICY) }),
    ...(options.cronSchedule === undefined ? {} : { cronSchedule: options.cronSchedule }),
    ...(memo === undefined ? {} : { memo: memo as ScheduledChildOptions['memo'] }),
    ...(searchAttributes === undefined && typedSearchAttributes === undefined ? {} : { searchAttributes: searchAttributesToJson(searchAttributes, typedSearchAttributes) }),
  };
}
