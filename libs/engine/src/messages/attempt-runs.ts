import type { JsonValue } from '@backstitch/protocol';
import type { RunningAttempt } from '../ports/history-store.js';
import { currentAttempt } from '../run/activity-attempts.js';
import { attemptScheduledAtMs } from '../run/attempt-deadlines.js';
import type { OpenActivity } from '../run/run-state.js';
import type { Turn } from '../run/turn.js';

/** What a worker says of an attempt that it makes. */
export interface SignOfLife {
  attempt: number;
  startedAtMs?: number;
  identity?: string;
  heartbeatDetails?: JsonValue;
  completesOutside?: true;
}

/** Takes down that the current attempt began, or that it lives (law L8). No event is written. What is said of an earlier attempt is stale. */
export function attemptRuns(turn: Turn, activity: OpenActivity, sign: SignOfLife): void {
  const { nowMs } = turn;
  const attempts = currentAttempt(activity);
  if (sign.attempt < attempts.attempt) {
    return;
  }
  turn.resolveIncidentOf(activity, 'A worker has taken the activity.', 'QUEUE_NOT_SERVED');
  // An attempt that was handed out again began when it did so first: what makes its worker die again and again must run out of time.
  const known = attempts.running;
  // Clocks of services differ: no attempt begins before it was put on its queue, nor after now.
  const startedAtMs = known?.startedAtMs ?? Math.min(nowMs, Math.max(attemptScheduledAtMs(activity), sign.startedAtMs ?? nowMs));
  const { heartbeatTimeoutMs } = activity.options;
  const running: RunningAttempt = {
    startedAtMs,
    heardFromAtMs: nowMs,
    ...(sign.identity === undefined && known?.identity === undefined ? {} : { identity: sign.identity ?? known?.identity }),
    ...(sign.completesOutside === true || known?.completesOutside === true ? { completesOutside: true } : {}),
    ...(heartbeatTimeoutMs === undefined ? {} : { heartbeatCheckAtMs: known?.heartbeatCheckAtMs ?? nowMs + heartbeatTimeoutMs }),
  };
  turn.setAttempts(activity, {
    ...attempts,
    attempt: sign.attempt,
    running,
    ...(sign.heartbeatDetails === undefined ? {} : { heartbeatDetails: sign.heartbeatDetails }),
  });
}
