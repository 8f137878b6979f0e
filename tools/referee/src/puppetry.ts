import type { HistoryEvent, JsonObject, JsonValue } from '@backstitch/protocol';

/** What each workflow task of a history decided, by the id of its WORKFLOW_TASK_STARTED event. */
type Puppetry = { commands: Record<string, JsonValue[]> };

/** How a payload that a converter made, and that is more than JSON, begins in a history. */
const MARKED_PAYLOAD = '{"__backstitch_payload":';

/** Whether a workflow task was completed. */
export function hasTask(events: readonly HistoryEvent[]): boolean {
  return events.some(({ eventType }) => eventType === 'WORKFLOW_TASK_COMPLETED');
}

/**
 * What the puppet decides in place of code that there is not; undefined where a history holds what it does not know.
 * @param events a whole history
 */
export function puppetryOf(events: readonly HistoryEvent[]): JsonObject | undefined {
  // Temporal's runtime reads what signals and results carry, and has no converter but its own.
  if (JSON.stringify(events).includes(MARKED_PAYLOAD)) return undefined;
  const commands: Puppetry['commands'] = {};
  const activityIds = new Map<number, string>();
  let startedEventId = 0;
  for (const event of events) {
    switch (event.eventType) {
      case 'WORKFLOW_TASK_STARTED':
        startedEventId = event.eventId;
        continue;
      case 'MARKER_RECORDED':
      case 'START_CHILD_WORKFLOW_EXECUTION_INITIATED':
      case 'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED':
      case 'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED':
      case 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED':
      case 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW':
        return undefined;
      default: {
        const attributes = attributesOf(event, activityIds);
        if (attributes !== undefined) (commands[startedEventId] ??= []).push({ eventType: event.eventType, attributes });
      }
    }
  }
  return { commands };
}

function attributesOf(event: HistoryEvent, activityIds: Map<number, string>): JsonObject | undefined {
  switch (event.eventType) {
    case 'ACTIVITY_TASK_SCHEDULED': {
      const { activityId, activityType, taskQueue } = event.attributes;
      activityIds.set(event.eventId, activityId);
      return { activityId, activityType, taskQueue };
    }
    case 'ACTIVITY_TASK_CANCEL_REQUESTED':
      return { seq: Number(activityIds.get(event.attributes.scheduledEventId)) };
    case 'TIMER_STARTED':
      return { timerId: event.attributes.timerId, seconds: Math.ceil(event.attributes.startToFireTimeoutMs / 1_000) };
    case 'TIMER_CANCELED':
      return { timerId: event.attributes.timerId };
    case 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES':
    case 'WORKFLOW_PROPERTIES_MODIFIED':
    case 'WORKFLOW_EXECUTION_COMPLETED':
    case 'WORKFLOW_EXECUTION_FAILED':
    case 'WORKFLOW_EXECUTION_CANCELED':
      return {};
    default:
      return undefined;
  }
}
