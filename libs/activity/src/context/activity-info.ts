import type { Headers, JsonValue, RetryPolicy } from '@backstitch/protocol';

/** What the inbox knows of the step that an undo undoes. */
export interface UndoneStep {
  stepKey: string;
  stepActivityType: string;
  /**
   * `completed`: its effect is committed. `absent`: it never committed anything, and never will. `started` (external steps only): it began and may
   * have had its effect: look at your own records and ask the provider.
   */
  step: 'completed' | 'absent' | 'started';
  /** What the step returned, if it completed. */
  stepResult?: JsonValue;
}

/** What a handler can know about the attempt that it is: under Temporal's names, and more. */
export interface ActivityInfo {
  /**
   * The right to complete this attempt from outside: see `CompleteAsyncError`. A secret; hand it to nobody else.
   * @throws {TaskTokenUnavailableError} the service was given no `taskTokenSecret`
   */
  readonly taskToken: Uint8Array;
  /** The same as text. */
  readonly base64TaskToken: string;
  readonly activityId: string;
  readonly activityType: string;
  readonly activityNamespace: string;
  /** From 1. */
  readonly attempt: number;
  readonly isLocal: boolean;
  readonly workflowExecution: { readonly workflowId: string; readonly runId: string };
  readonly workflowNamespace: string;
  readonly workflowType: string;
  /** When the activity was scheduled. */
  readonly scheduledTimestampMs: number;
  /** When this attempt could begin. */
  readonly currentAttemptScheduledTimestampMs: number;
  /** Infinity: no such limit. */
  readonly scheduleToCloseTimeoutMs: number;
  readonly startToCloseTimeoutMs?: number;
  readonly heartbeatTimeoutMs?: number;
  /** Details of the last heartbeat of an earlier attempt: a hint. The checkpoint decides. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in Temporal: it is whatever the handler has sent
  readonly heartbeatDetails?: any;
  readonly taskQueue: string;
  /** Not known to services here. */
  readonly retryPolicy?: RetryPolicy;
  readonly namespace: string;
  readonly inWorkflow: boolean;
  /** The idempotency key of the step: hand it to providers as theirs. The same in every attempt. */
  readonly key: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly scheduledAtMs: number;
  readonly startedAtMs: number;
  /** What the last committed slice of an earlier attempt left (external activities). */
  readonly checkpoint?: JsonValue;
  /** External activities: an earlier attempt began and did not complete. */
  readonly startedBefore: boolean;
  /** Present in undos. */
  readonly undo?: UndoneStep;
  /** Present after an operator's edit: what the attempt under the old key came to. */
  readonly superseded?: { key: string; step: 'absent' | 'started' };
  /** W3C trace context. */
  readonly traceparent?: string;
  /** What interceptors of the workflow sent along, as JSON. */
  readonly headers?: Headers;
}

/** Temporal's name. */
export type Info = ActivityInfo;
