import type { JsonValue, TimeoutType } from '@backstitch/protocol';
import { TimeoutFailure } from '@backstitch/protocol/failures';

/** One of the activity's time limits ended the attempt. */
export function attemptTimeout(timeoutType: TimeoutType, lastHeartbeatDetails?: JsonValue): TimeoutFailure {
  return new TimeoutFailure(`activity timed out: ${timeoutType}`, lastHeartbeatDetails, timeoutType);
}
