import type { Headers, JsonValue, WorkflowExecution } from '@backstitch/protocol';

/** What a local activity may know of itself. */
export interface LocalActivityInfo {
  activityId: string;
  activityType: string;
  workflowExecution: WorkflowExecution;
  workflowType: string;
  /** From 1. */
  attempt: number;
  scheduledAtMs: number;
  startToCloseTimeoutMs?: number;
  scheduleToCloseTimeoutMs?: number;
  headers?: Headers;
}

/**
 * Runs local activities: functions of the engine's own process.
 *
 * Guarantees: `run` rejects with what the function threw; with a LocalActivityUnknownError where no function has the name. `signal` aborts when the
 * workflow cancels it or its time is up.
 *
 * Does not promise: at most once. A local activity whose result was not recorded before a crash is run again.
 */
export interface LocalActivities {
  run(activityType: string, args: readonly JsonValue[], info: LocalActivityInfo, signal: AbortSignal): Promise<JsonValue>;
  /** Resolves after that time, or as soon as the signal aborts. */
  delay(durationMs: number, signal: AbortSignal): Promise<void>;
}

/** No local activity of this name is registered. Not tried again. */
export class LocalActivityUnknownError extends Error {
  override readonly name = 'LocalActivityUnknownError';
  readonly code = 'LOCAL_ACTIVITY_UNKNOWN';
  constructor(readonly activityType: string) {
    super(`No local activity is called "${activityType}" here.`);
  }
}
