import type { JsonValue, TimeoutType } from '@backstitch/protocol';

/** One of the activity's time limits ended the attempt. */
export class TimeoutFailure extends Error {
  override readonly name = 'TimeoutFailure';
  constructor(
    readonly timeoutType: TimeoutType,
    readonly lastHeartbeatDetails?: JsonValue,
  ) {
    super(`activity timed out: ${timeoutType}`);
  }
}
