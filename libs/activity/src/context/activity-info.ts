import type { JsonValue } from '@backstitch/protocol';

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

/** What a handler can know about the attempt that it is. */
export interface ActivityInfo {
  /** The idempotency key of the step: hand it to providers as theirs. The same in every attempt. */
  key: string;
  /** From 1. */
  attempt: number;
  workflowId: string;
  runId: string;
  workflowType: string;
  activityId: string;
  activityType: string;
  taskQueue: string;
  scheduledAtMs: number;
  startedAtMs: number;
  startToCloseTimeoutMs?: number;
  heartbeatTimeoutMs?: number;
  /** Details of the last heartbeat of an earlier attempt: a hint. The checkpoint decides. */
  heartbeatDetails?: JsonValue;
  /** What the last committed slice of an earlier attempt left (external activities). */
  checkpoint?: JsonValue;
  /** External activities: an earlier attempt began and did not complete. */
  startedBefore: boolean;
  /** Present in undos. */
  undo?: UndoneStep;
  /** Present after an operator's edit: what the attempt under the old key came to. */
  superseded?: { key: string; step: 'absent' | 'started' };
  /** W3C trace context. */
  traceparent?: string;
}
