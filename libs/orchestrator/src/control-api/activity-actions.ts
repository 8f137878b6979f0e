import type { ActivityHeartbeatResponse } from '@backstitch/protocol';

/** Actions on activities from outside. An answer: what a heartbeat learns. Errors are those of the control API. */
export interface ActivityActions {
  byToken(action: string, body: unknown): Promise<ActivityHeartbeatResponse | void>;
  byId(workflowId: string, activityId: string, action: string, body: unknown, runId?: string): Promise<ActivityHeartbeatResponse | void>;
}
