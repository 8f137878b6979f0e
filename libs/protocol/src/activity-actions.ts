import type { Failure } from './failure.js';
import type { JsonValue } from './json.js';

/**
 * `POST /v1/workflows/:workflowId/activities/:activityId/:action`. Answer 204.
 * pause: no further attempt begins · unpause · retry: the next attempt now · complete, fail, cancel: ends the activity from outside · heartbeat.
 * `POST /v1/activities/by-token/:action` (complete, fail, cancel, heartbeat) takes the same with `taskToken`.
 */
export type ActivityAction = 'pause' | 'unpause' | 'retry' | 'complete' | 'fail' | 'cancel' | 'heartbeat';
export interface ActivityActionRequest {
  /** By token only. */
  taskToken?: string;
  /** complete, fail, cancel, heartbeat: which attempt it is about; refused if another one is current (a late `complete` counts all the same). Default: the current one. */
  attempt?: number;
  /**
   * pause, unpause and retry need one. complete, fail and cancel that give one are an operator's, and are audited by a reserved signal in the history;
   * without one they are what the activity waited for.
   */
  reason?: string;
  identity?: string;
  /** complete. Default null. */
  result?: JsonValue;
  /** fail. */
  failure?: Failure;
  /** heartbeat, cancel. */
  details?: JsonValue;
}
/** Payload of the reserved signal that records what an operator did to an activity. */
export interface ActivityActionSignal {
  action: ActivityAction;
  activityId: string;
  scheduledEventId: number;
  reason: string;
  identity: string;
}
/** Answer of the action `heartbeat`; the others answer 204. */
export interface ActivityHeartbeatResponse {
  cancelRequested: boolean;
  paused: boolean;
}
