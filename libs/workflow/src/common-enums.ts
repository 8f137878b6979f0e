import type { RetryState as RetryStateName, TimeoutType as TimeoutTypeName } from '@backstitch/protocol';

/** Which time-out ended an attempt. */
export const TimeoutType = {
  START_TO_CLOSE: 'START_TO_CLOSE',
  SCHEDULE_TO_START: 'SCHEDULE_TO_START',
  SCHEDULE_TO_CLOSE: 'SCHEDULE_TO_CLOSE',
  HEARTBEAT: 'HEARTBEAT',
} as const satisfies Record<TimeoutTypeName, TimeoutTypeName>;
export type TimeoutType = TimeoutTypeName;

/** Why no further attempt is made. */
export const RetryState = {
  IN_PROGRESS: 'IN_PROGRESS',
  NON_RETRYABLE_FAILURE: 'NON_RETRYABLE_FAILURE',
  TIMEOUT: 'TIMEOUT',
  MAXIMUM_ATTEMPTS_REACHED: 'MAXIMUM_ATTEMPTS_REACHED',
  RETRY_POLICY_NOT_SET: 'RETRY_POLICY_NOT_SET',
  INTERNAL_SERVER_ERROR: 'INTERNAL_SERVER_ERROR',
  CANCEL_REQUESTED: 'CANCEL_REQUESTED',
} as const satisfies Record<RetryStateName, RetryStateName>;
export type RetryState = RetryStateName;

/** Which part of a system wrote a log line. */
export const SdkComponent = { workflow: 'workflow', activity: 'activity', nexus: 'nexus', worker: 'worker', core: 'core' } as const;
export type SdkComponent = (typeof SdkComponent)[keyof typeof SdkComponent];
