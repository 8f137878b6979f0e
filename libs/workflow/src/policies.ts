import type {
  ActivityCancellationType as ActivityCancellationTypeName,
  ChildWorkflowCancellationType as ChildCancellationTypeName,
  WorkflowIdConflictPolicy as ConflictPolicyName,
} from '@backstitch/protocol';
import { ValueError } from '@backstitch/protocol/payloads';

/** What happens in the workflow when an activity's cancellation is requested. */
export const ActivityCancellationType = {
  /** Reject at once, and do not ask the activity. */
  ABANDON: 'ABANDON',
  /** Ask the activity, and reject at once. */
  TRY_CANCEL: 'TRY_CANCEL',
  /** Ask the activity, and wait for how it ends. */
  WAIT_CANCELLATION_COMPLETED: 'WAIT_CANCELLATION_COMPLETED',
} as const satisfies Record<string, ActivityCancellationTypeName>;
export type ActivityCancellationType = ActivityCancellationTypeName;

/** What the parent sees when it cancels a child. */
export const ChildWorkflowCancellationType = {
  /** Reject at once, and do not ask the child. */
  ABANDON: 'ABANDON',
  /** Ask the child, and reject at once. */
  TRY_CANCEL: 'TRY_CANCEL',
  /** Ask the child, and reject when the request has reached it. */
  WAIT_CANCELLATION_REQUESTED: 'WAIT_CANCELLATION_REQUESTED',
  /** Ask the child, and wait for how it ends. */
  WAIT_CANCELLATION_COMPLETED: 'WAIT_CANCELLATION_COMPLETED',
} as const satisfies Record<string, ChildCancellationTypeName>;
export type ChildWorkflowCancellationType = ChildCancellationTypeName;

/** What happens to a child when its parent is closed. The names with a prefix are older spellings. */
export const ParentClosePolicy = {
  TERMINATE: 'TERMINATE',
  ABANDON: 'ABANDON',
  REQUEST_CANCEL: 'REQUEST_CANCEL',
  PARENT_CLOSE_POLICY_UNSPECIFIED: undefined,
  PARENT_CLOSE_POLICY_TERMINATE: 'TERMINATE',
  PARENT_CLOSE_POLICY_ABANDON: 'ABANDON',
  PARENT_CLOSE_POLICY_REQUEST_CANCEL: 'REQUEST_CANCEL',
} as const;
export type ParentClosePolicy = (typeof ParentClosePolicy)[keyof typeof ParentClosePolicy];

/** Whether an id that a closed run had may be used again. The names with a prefix are older spellings. */
export const WorkflowIdReusePolicy = {
  ALLOW_DUPLICATE: 'ALLOW_DUPLICATE',
  ALLOW_DUPLICATE_FAILED_ONLY: 'ALLOW_DUPLICATE_FAILED_ONLY',
  REJECT_DUPLICATE: 'REJECT_DUPLICATE',
  /** Older way of asking for WorkflowIdConflictPolicy.TERMINATE_EXISTING. */
  TERMINATE_IF_RUNNING: 'TERMINATE_IF_RUNNING',
  WORKFLOW_ID_REUSE_POLICY_UNSPECIFIED: undefined,
  WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE: 'ALLOW_DUPLICATE',
  WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY: 'ALLOW_DUPLICATE_FAILED_ONLY',
  WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE: 'REJECT_DUPLICATE',
  WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING: 'TERMINATE_IF_RUNNING',
} as const;
export type WorkflowIdReusePolicy = (typeof WorkflowIdReusePolicy)[keyof typeof WorkflowIdReusePolicy];

/** What a start does whose id a running workflow has. */
export const WorkflowIdConflictPolicy = {
  FAIL: 'FAIL',
  USE_EXISTING: 'USE_EXISTING',
  TERMINATE_EXISTING: 'TERMINATE_EXISTING',
} as const satisfies Record<string, ConflictPolicyName>;
export type WorkflowIdConflictPolicy = ConflictPolicyName;

/** What a run does about a handler that is still at work when it ends. */
export const HandlerUnfinishedPolicy = {
  /** Say so in the log. */
  WARN_AND_ABANDON: 'WARN_AND_ABANDON',
  ABANDON: 'ABANDON',
} as const;
export type HandlerUnfinishedPolicy = (typeof HandlerUnfinishedPolicy)[keyof typeof HandlerUnfinishedPolicy];

/** Nexus is not part of Backstitch; the values are there for code that names them. */
export const NexusOperationCancellationType = ChildWorkflowCancellationType;
export type NexusOperationCancellationType = ChildWorkflowCancellationType;

/**
 * The pair of functions that turn a name into the number that stands for it in Temporal's messages, and back. The encoder takes numbers and names with
 * the prefix too.
 */
function enumConverters<Name extends string>(
  what: string,
  prefix: string,
  numbers: Readonly<Record<Name, number>>,
): [(value: Name | `${string}${Name}` | number | null | undefined) => number | undefined, (value: Name | `${string}${Name}` | number | null | undefined) => Name | undefined] {
  const names = Object.keys(numbers) as Name[];
  const nameOf = (value: unknown): Name | undefined => {
    if (value === undefined || value === null || value === 0) return undefined;
    const found = typeof value === 'number' ? names.find((name) => numbers[name] === value) : names.find((name) => value === name || value === `${prefix}${name}`);
    if (found === undefined) throw new ValueError(`Invalid ${what}: ${String(value)}`);
    return found;
  };
  return [
    (value) => {
      const name = nameOf(value);
      return name === undefined ? (value === 0 ? 0 : undefined) : numbers[name];
    },
    nameOf,
  ];
}

export const [encodeWorkflowIdReusePolicy, decodeWorkflowIdReusePolicy] = enumConverters('WorkflowIdReusePolicy', 'WORKFLOW_ID_REUSE_POLICY_', {
  ALLOW_DUPLICATE: 1,
  ALLOW_DUPLICATE_FAILED_ONLY: 2,
  REJECT_DUPLICATE: 3,
  TERMINATE_IF_RUNNING: 4,
});

export const [encodeWorkflowIdConflictPolicy, decodeWorkflowIdConflictPolicy] = enumConverters('WorkflowIdConflictPolicy', 'WORKFLOW_ID_CONFLICT_POLICY_', {
  FAIL: 1,
  USE_EXISTING: 2,
  TERMINATE_EXISTING: 3,
});
