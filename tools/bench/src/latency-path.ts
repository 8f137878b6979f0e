import type { HistoryEvent } from '@backstitch/protocol';

/** Where an order's time went, all its steps together, in milliseconds. */
export interface LatencyPath {
  /** From the decision to run a step until the service begins: commit, queue. */
  dispatchMs: number;
  /** From there until the engine takes its outcome in: the service's transaction, the way back. */
  serveMs: number;
}

/** Reads it off a history, which the engine keeps in whole milliseconds. */
export function latencyPathOf(events: readonly HistoryEvent[]): LatencyPath {
  const scheduledAtMs = new Map<number, number>();
  const startedAtMs = new Map<number, number>();
  const path: LatencyPath = { dispatchMs: 0, serveMs: 0 };
  for (const event of events) {
    switch (event.eventType) {
      case 'ACTIVITY_TASK_SCHEDULED':
        scheduledAtMs.set(event.eventId, event.eventTimeMs);
        break;
      case 'ACTIVITY_TASK_STARTED':
        startedAtMs.set(event.attributes.scheduledEventId, event.eventTimeMs);
        path.dispatchMs += event.eventTimeMs - (scheduledAtMs.get(event.attributes.scheduledEventId) ?? event.eventTimeMs);
        break;
      case 'ACTIVITY_TASK_COMPLETED':
        path.serveMs += event.eventTimeMs - (startedAtMs.get(event.attributes.scheduledEventId) ?? event.eventTimeMs);
        break;
      default:
        break;
    }
  }
  return path;
}
