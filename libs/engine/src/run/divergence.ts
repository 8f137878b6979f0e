import {
  isEncodedPayload,
  PATCH_MARKER,
  type HistoryEvent,
  type IncidentDivergence,
  type JsonObject,
  type JsonValue,
  type PatchMarkerDetails,
} from '@backstitch/protocol';
import { jsonBytes, sameJson } from '../json.js';
import type { UnplacedEvent } from './unplaced-event.js';

export type Divergence = IncidentDivergence;

/** What replay found in one workflow task: the first divergence, if any, and where the code now gives another input or other options. */
export interface Comparison {
  divergence?: Divergence;
  drift: IncidentDivergence[];
}

/** A side of a difference that is longer as JSON is cut short. */
const SIDE_BYTES_MAX = 4 * 1024;

/**
 * Compares the events that a task's commands make today with those recorded (law L6). Another kind, type, id or order is a divergence;
 * anything else that differs is drift, and what was recorded stays in force.
 * @param firstEventId id that the first command event has or would have
 * @param positions lines of code that the produced events come from, where they are known
 * @param decoded recorded events with their payloads decoded, by event: compared in their place. What was encoded is never shown
 */
export function compareWithHistory(
  produced: readonly UnplacedEvent[],
  recorded: readonly HistoryEvent[],
  firstEventId: number,
  positions?: readonly (string | undefined)[],
  decoded?: ReadonlyMap<number, HistoryEvent>,
): Comparison {
  const drift: IncidentDivergence[] = [];
  for (let index = 0; index < Math.max(produced.length, recorded.length); index += 1) {
    const stands = recorded[index];
    const made = asRecordedThen(produced[index], stands);
    // Nearly all are: their identities need not be looked at.
    if (made !== undefined && made.eventType === stands?.eventType && sameJson(made.attributes, stands.attributes)) {
      continue;
    }
    const eventId = stands?.eventId ?? (recorded.at(-1)?.eventId ?? firstEventId - 1) + 1;
    const position = positions?.[index];
    const producedAt = position === undefined || position === '' ? {} : { producedAt: position };
    if (made === undefined || stands === undefined || !sameJson(identityOf(made), identityOf(stands))) {
      return { divergence: { eventId, recorded: sideOf(stands), produced: sideOf(made), ...producedAt }, drift };
    }
    const readable = decoded?.get(stands.eventId);
    const sides = differenceOf(comparable(readable ?? stands), comparable(made));
    if (sides !== undefined) {
      const [was, is] = readable === undefined ? sides : withoutSecrets(sides, comparable(stands), comparable(readable));
      drift.push({ eventId, recorded: { ...identityOf(stands), ...was }, produced: { ...identityOf(made), ...is }, ...producedAt });
    }
  }
  return { drift };
}

/** Earlier releases recorded an activity's number in the place of the author's own id. */
function asRecordedThen(made: UnplacedEvent | undefined, stands: HistoryEvent | undefined): UnplacedEvent | undefined {
  if (made?.eventType !== 'ACTIVITY_TASK_SCHEDULED' || stands?.eventType !== 'ACTIVITY_TASK_SCHEDULED' || made.attributes.seq === undefined) {
    return made;
  }
  const { seq, ...attributes } = made.attributes;
  return stands.attributes.seq === undefined && stands.attributes.activityId === String(seq) ? { eventType: made.eventType, attributes: { ...attributes, activityId: String(seq) } } : made;
}

/** What must not change: kind, type and id. Order is compared by the caller. */
function identityOf(event: UnplacedEvent): JsonObject {
  const { eventType } = event;
  switch (eventType) {
    case 'ACTIVITY_TASK_SCHEDULED': {
      const { activityId, activityType, header } = event.attributes;
      // Whether an activity undoes a step, and which, says what it is, not how it is done.
      const { undoOf } = header ?? {};
      return { eventType, activityId, activityType, undoOf: undoOf?.stepKey ?? undoOf?.scheduledEventId ?? null };
    }
    case 'ACTIVITY_TASK_CANCEL_REQUESTED':
      return { eventType, scheduledEventId: event.attributes.scheduledEventId };
    case 'TIMER_STARTED':
    case 'TIMER_CANCELED':
      return { eventType, timerId: event.attributes.timerId };
    case 'START_CHILD_WORKFLOW_EXECUTION_INITIATED': {
      const { workflowId, workflowType, seq } = event.attributes;
      return { eventType, workflowId, workflowType, seq };
    }
    case 'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED': {
      const { workflowExecution, signalName, seq } = event.attributes;
      return { eventType, workflowId: workflowExecution.workflowId, signalName, seq };
    }
    case 'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED': {
      const { workflowExecution, childWorkflowOnly, seq } = event.attributes;
      return { eventType, workflowId: workflowExecution.workflowId, childWorkflowOnly: childWorkflowOnly === true, ...(seq === undefined ? {} : { seq }) };
    }
    case 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED':
      return { eventType, updateId: event.attributes.acceptedRequest.meta.updateId };
    case 'WORKFLOW_EXECUTION_UPDATE_COMPLETED':
      return { eventType, updateId: event.attributes.meta.updateId };
    case 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW':
      return { eventType, workflowType: event.attributes.workflowType };
    case 'MARKER_RECORDED': {
      const { markerName, details } = event.attributes;
      return markerName === PATCH_MARKER ? { eventType, markerName, patchId: (details as unknown as PatchMarkerDetails)['patch-data'].id } : { eventType, markerName };
    }
    default:
      return { eventType };
  }
}

/** What the workflow's code decided, without what the engine added. */
function comparable(event: UnplacedEvent): JsonObject {
  switch (event.eventType) {
    case 'ACTIVITY_TASK_SCHEDULED': {
      const { header, ...decided } = event.attributes;
      if (header?.forward === undefined) {
        return event.attributes as unknown as JsonObject;
      }
      // It tells the engine what the activity is; histories of earlier releases do not say it.
      const { forward: _, ...compared } = header;
      return { ...decided, ...(Object.keys(compared).length === 0 ? {} : { header: compared }) } as unknown as JsonObject;
    }
    case 'WORKFLOW_EXECUTION_COMPLETED': {
      const { newExecutionRunId: _, ...decided } = event.attributes;
      return decided as JsonObject;
    }
    case 'WORKFLOW_EXECUTION_FAILED': {
      const { newExecutionRunId: _, retryState: _state, ...decided } = event.attributes;
      return decided as unknown as JsonObject;
    }
    case 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW': {
      const { newExecutionRunId: _, ...decided } = event.attributes;
      return decided as unknown as JsonObject;
    }
    case 'MARKER_RECORDED':
      // Whether a patch is called deprecated makes no difference to a history that has its marker.
      return {};
    default:
      return event.attributes as unknown as JsonObject;
  }
}

/** The parts in which two objects differ; undefined if they do not. */
function differenceOf(recorded: JsonObject, produced: JsonObject): [JsonObject, JsonObject] | undefined {
  const left: JsonObject = {};
  const right: JsonObject = {};
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(produced)])) {
    const [was, is] = [recorded[key], produced[key]];
    if (!sameDecision(was ?? null, is ?? null)) {
      left[key] = clipped(was);
      right[key] = clipped(is);
    }
  }
  return Object.keys(left).length === 0 ? undefined : [left, right];
}

/** What stands in a report for a payload that was encoded: reports are kept where payloads are not to be read. */
const NOT_SHOWN = '(payload, encoded)';

/** The parts of a difference that bear no payload which is encoded in the history. */
function withoutSecrets([left, right]: [JsonObject, JsonObject], recorded: JsonObject, decoded: JsonObject): [JsonObject, JsonObject] {
  const isSecret = (key: string): boolean => !sameJson(recorded[key] ?? null, decoded[key] ?? null);
  const shown = (side: JsonObject, as: (key: string) => JsonValue): JsonObject => Object.fromEntries(Object.keys(side).map((key) => [key, isSecret(key) ? as(key) : (side[key] ?? null)]));
  return [shown(left, (key) => clipped(recorded[key])), shown(right, () => NOT_SHOWN)];
}

/** As sameJson, but that a payload which a codec has encoded, and which could not be decoded, is taken for the same: it may have other bytes each time. */
function sameDecision(recorded: JsonValue, produced: JsonValue): boolean {
  if (isEncodedPayload(recorded) || isEncodedPayload(produced)) {
    return (isEncodedPayload(recorded) && isEncodedPayload(produced)) || sameJson(recorded, produced);
  }
  if (Array.isArray(recorded) && Array.isArray(produced)) {
    return recorded.length === produced.length && recorded.every((item, index) => sameDecision(item, produced[index] ?? null));
  }
  if (isObject(recorded) && isObject(produced)) {
    return sameJson(recorded, produced) || [...new Set([...Object.keys(recorded), ...Object.keys(produced)])].every((key) => sameDecision(recorded[key] ?? null, produced[key] ?? null));
  }
  return sameJson(recorded, produced);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function clipped(value: JsonValue | undefined): JsonValue {
  if (value === undefined) {
    return null;
  }
  const bytes = jsonBytes(value);
  return bytes <= SIDE_BYTES_MAX ? value : `${JSON.stringify(value).slice(0, SIDE_BYTES_MAX)}… (${bytes} bytes)`;
}

/** One side of a divergence as a person reads it: what was decided, without its payloads. */
function sideOf(event: UnplacedEvent | undefined): JsonValue {
  return event === undefined ? null : identityOf(event);
}
