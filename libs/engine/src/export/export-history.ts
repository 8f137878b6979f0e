import type { HistoryEvent, SearchAttributeDefinitions } from '@backstitch/protocol';
import { DEFAULT_HISTORY_LIMITS, type HistoryLimits } from '../run/activation.js';
import { eventBytes } from '../run/evolve.js';
import { exportAttributes } from './export-attributes.js';
import { int64Of, timestampOf } from './temporal-json.js';

/** One event in the JSON form of Temporal's HistoryEvent; its attributes are under the name that their type has there. */
export interface TemporalHistoryEvent {
  eventId: string;
  /** RFC 3339, in UTC. */
  eventTime: string;
  /** `EVENT_TYPE_…`. */
  eventType: string;
  taskId: string;
  [attributesName: string]: unknown;
}

/** A history in the JSON form (proto3) that Temporal's tools write and read. */
export interface TemporalHistory {
  events: TemporalHistoryEvent[];
}

export interface ExportHistoryOptions {
  /** Types of the deployment's search attributes. Default: guessed from each value. */
  searchAttributes?: SearchAttributeDefinitions;
  /** From where on workflow code was told `continueAsNewSuggested`: the deployment's limits. Default: the engine's. */
  historyLimits?: Partial<HistoryLimits>;
}

/**
 * A run's history as Temporal's history JSON: what `temporal workflow show --output json` prints, and what `Worker.runReplayHistory` of Temporal's SDKs
 * replays. Pure; the same events always give the same JSON.
 *
 * Payloads are encoded as `json/plain`. What Backstitch alone knows goes along where Temporal lets it pass: a step's undo in its activity's header
 * (`__backstitch_undo`), incidents as signals whose names begin with `__backstitch_`. A retry policy's `jitter` and a child's cancellation type have no
 * place there and are left out.
 * @param events the whole history, or its beginning, from the first event on, without gaps
 */
export function exportHistory(events: readonly HistoryEvent[], options: ExportHistoryOptions = {}): TemporalHistory {
  const { searchAttributes = {} } = options;
  const limits = { ...DEFAULT_HISTORY_LIMITS, ...options.historyLimits };
  const cancelRequestedEventIds = new Map<number, number>();
  const initiated = new Map<number, HistoryEvent>();
  const [first] = events;
  const runtimeVersion = first?.eventType === 'WORKFLOW_EXECUTION_STARTED' ? first.attributes.runtimeVersion : undefined;
  let historySizeBytes = 0;
  let isFirstTask = true;
  let taskScheduledEventId = 0;
  return {
    events: events.map((event) => {
      const { eventId, eventTimeMs, eventType } = event;
      historySizeBytes += eventBytes(event.attributes);
      if (eventType === 'ACTIVITY_TASK_CANCEL_REQUESTED') {
        cancelRequestedEventIds.set(event.attributes.scheduledEventId, eventId);
      } else if (eventType === 'WORKFLOW_TASK_SCHEDULED') {
        taskScheduledEventId = eventId;
      } else if (eventType.endsWith('_INITIATED')) {
        initiated.set(eventId, event);
      }
      const suggestContinueAsNew = eventId >= limits.eventsWarn || historySizeBytes >= limits.bytesWarn;
      const context = { searchAttributes, cancelRequestedEventIds, initiated, historySizeBytes, suggestContinueAsNew, isFirstTask, taskScheduledEventId, runtimeVersion };
      const attributes = exportAttributes(event, context);
      isFirstTask &&= eventType !== 'WORKFLOW_TASK_COMPLETED';
      return {
        eventId: int64Of(eventId),
        eventTime: timestampOf(eventTimeMs),
        eventType: `EVENT_TYPE_${eventType}`,
        taskId: int64Of(eventId),
        [attributesNameOf(eventType)]: attributes,
      };
    }),
  };
}

/** `TIMER_FIRED` → `timerFiredEventAttributes`. */
function attributesNameOf(eventType: HistoryEvent['eventType']): string {
  const camelCase = eventType.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return `${camelCase}EventAttributes`;
}
