import type { JsonValue } from './json.js';

/** Which of the four activity time-outs ended an attempt. Temporal's names. */
export type TimeoutType = 'START_TO_CLOSE' | 'SCHEDULE_TO_START' | 'SCHEDULE_TO_CLOSE' | 'HEARTBEAT';

/** Why no further attempt is made. Temporal's names. */
export type RetryState =
  | 'IN_PROGRESS'
  | 'NON_RETRYABLE_FAILURE'
  | 'TIMEOUT'
  | 'MAXIMUM_ATTEMPTS_REACHED'
  | 'RETRY_POLICY_NOT_SET'
  | 'INTERNAL_SERVER_ERROR'
  | 'CANCEL_REQUESTED';

/** What kind of application failure it is, beyond its type. Temporal's names. */
export type ApplicationFailureCategory = 'BENIGN';

/** Temporal's name for the failure of a child. */
export interface ChildWorkflowFailureInfo {
  namespace?: string;
  workflowId: string;
  runId?: string;
  workflowType: string;
  initiatedEventId: number;
  startedEventId: number;
  retryState: RetryState;
}

/**
 * A failure as data: what crosses processes and stands in histories.
 * The fields are those of Temporal's `Failure` message in its JSON form; exactly one `…Info` says which kind it is.
 */
export interface Failure {
  message: string;
  /** Which runtime produced it, e.g. `TypeScriptSDK`. */
  source?: string;
  stackTrace?: string;
  cause?: Failure;
  applicationFailureInfo?: {
    /** The error's class or category; retry policies name it in `nonRetryableErrorTypes`. */
    type?: string;
    nonRetryable?: boolean;
    details?: JsonValue[];
    nextRetryDelayMs?: number;
    /** `BENIGN`: expected, not worth an alarm. */
    category?: ApplicationFailureCategory;
  };
  timeoutFailureInfo?: { timeoutType: TimeoutType; lastHeartbeatDetails?: JsonValue };
  canceledFailureInfo?: { details?: JsonValue[] };
  terminatedFailureInfo?: Record<string, never>;
  serverFailureInfo?: { nonRetryable?: boolean };
  activityFailureInfo?: {
    scheduledEventId: number;
    activityType: string;
    activityId: string;
    retryState: RetryState;
    /** The worker that made the last attempt. */
    identity?: string;
  };
  childWorkflowExecutionFailureInfo?: ChildWorkflowFailureInfo;
}
