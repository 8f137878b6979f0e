import type { JsonObject, LocalActivityMarkerDetails } from '@backstitch/protocol';
import { payloadsOf } from './temporal-json.js';

/** The marker's name in Temporal's core. */
const LOCAL_ACTIVITY_MARKER = 'core_local_activity';

/** The details of a marker as Temporal's message has them. */
export function markerDetailsOf(markerName: string, details: JsonObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(markerName === LOCAL_ACTIVITY_MARKER ? localActivityDetails(details) : details).map(([name, value]) => [name, payloadsOf([value])]));
}

/** Core reads its own marker with every field present, named as in Rust. */
function localActivityDetails(details: JsonObject): JsonObject {
  const { data, ...rest } = details as unknown as LocalActivityMarkerDetails;
  const { seq, attempt, activityId, activityType, completeTimeMs, originalScheduleTimeMs, backoffMs } = data;
  return {
    ...rest,
    data: {
      seq,
      attempt,
      activity_id: activityId,
      activity_type: activityType,
      complete_time: secondsOf(completeTimeMs),
      backoff: backoffMs === undefined ? null : secondsOf(backoffMs),
      original_schedule_time: secondsOf(originalScheduleTimeMs),
    },
  } as JsonObject;
}

function secondsOf(timeMs: number): JsonObject {
  return { seconds: Math.floor(timeMs / 1_000), nanos: (timeMs % 1_000) * 1_000_000 };
}
