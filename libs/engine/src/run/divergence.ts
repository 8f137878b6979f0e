import type { HistoryEvent, Incident, JsonObject, JsonValue } from '@backstitch/protocol';
import { sameJson } from '../json.js';
import type { UnplacedEvent } from './command-events.js';

export type Divergence = NonNullable<Incident['divergence']>;

/** What replay found in one workflow task: the first divergence, if any, and the ids of events whose input or options the code now gives otherwise. */
export interface Comparison {
  divergence?: Divergence;
  driftedEventIds: number[];
}

/**
 * Compares the events that a task's commands make today with those recorded (law L6). Another kind, type, id or order is a divergence;
 * anything else that differs is drift, and what was recorded stays in force.
 * @param firstEventId id that the first command event has or would have
 */
export function compareWithHistory(produced: readonly UnplacedEvent[], recorded: readonly HistoryEvent[], firstEventId: number): Comparison {
  const driftedEventIds: number[] = [];
  for (let index = 0; index < Math.max(produced.length, recorded.length); index += 1) {
    const made = produced[index];
    const stands = recorded[index];
    const eventId = firstEventId + index;
    if (made === undefined || stands === undefined || !sameJson(identityOf(made), identityOf(stands))) {
      return { divergence: { eventId, recorded: sideOf(stands), produced: sideOf(made) }, driftedEventIds };
    }
    if (!sameJson(made.attributes, stands.attributes)) {
      driftedEventIds.push(eventId);
    }
  }
  return { driftedEventIds };
}

/** What must not change: kind, type and id. Order is compared by the caller. */
function identityOf(event: UnplacedEvent): JsonObject {
  const { eventType } = event;
  switch (eventType) {
    case 'ACTIVITY_TASK_SCHEDULED': {
      const { activityId, activityType, header } = event.attributes;
      // Whether an activity undoes a step, and which, says what it is, not how it is done.
      return { eventType, activityId, activityType, undoOf: header?.undoOf?.scheduledEventId ?? null };
    }
    case 'ACTIVITY_TASK_CANCEL_REQUESTED':
      return { eventType, scheduledEventId: event.attributes.scheduledEventId };
    case 'TIMER_STARTED':
    case 'TIMER_CANCELED':
      return { eventType, timerId: event.attributes.timerId };
    default:
      return { eventType };
  }
}

/** One side of a divergence as a person reads it: what was decided, without its payloads. */
function sideOf(event: UnplacedEvent | undefined): JsonValue {
  return event === undefined ? null : identityOf(event);
}
