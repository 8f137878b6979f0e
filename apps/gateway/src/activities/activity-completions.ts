import type { ActivityHeartbeatResponse, Failure, JsonValue } from '@backstitch/protocol';

/** What the holder of a task token can say about its attempt. */
export type Completion =
  | { action: 'complete'; result: JsonValue }
  | { action: 'fail'; failure: Failure }
  | { action: 'cancel'; details?: JsonValue }
  | { action: 'heartbeat'; details?: JsonValue };

/** Completes activities from outside of their workers. Throws the protocol's ControlApiError classes, and OrchestratorUnreachableError. */
export abstract class ActivityCompletions {
  /** Answers a heartbeat with what it learns. */
  abstract byToken(taskToken: string, completion: Completion): Promise<ActivityHeartbeatResponse | undefined>;

  /** Ends all connections. */
  async close(): Promise<void> {}
}
