import type { ActivityHeader, HistoryEventAttributes, Headers, JsonObject } from '@backstitch/protocol';
import { fieldsOf } from './temporal-json.js';

/** Where the undo of a step stands in its activity's header (law L3). */
export const UNDO_HEADER = '__backstitch_undo';
/** Where the undo itself names the step that it takes back. */
export const UNDO_OF_HEADER = '__backstitch_undo_of';
/** Where a run of the engine's own says what it is. */
export const SYSTEM_HEADER = '__backstitch_system';
/** Undos that the run before left to this one. */
export const CARRIED_UNDOS_HEADER = '__backstitch_carried_undos';

/** Where a pivot, or a step beyond one, says what it is. */
export const FORWARD_HEADER = '__backstitch_forward';

/** A header as Temporal's message has it; undefined if there is nothing in it. */
export function headerOf(headers: Headers | undefined): Record<string, unknown> | undefined {
  return headers === undefined || Object.keys(headers).length === 0 ? undefined : fieldsOf(headers);
}

/** What Backstitch records with an activity, where Temporal's core lets it pass. */
export function activityHeaderOf(header: ActivityHeader | undefined): Record<string, unknown> | undefined {
  if (header === undefined) {
    return undefined;
  }
  const { undo, undoOf, forward, ...others } = header;
  return headerOf({
    ...(others as Headers),
    ...(undo === undefined ? {} : { [UNDO_HEADER]: undo as unknown as JsonObject }),
    ...(forward === undefined ? {} : { [FORWARD_HEADER]: forward as unknown as JsonObject }),
    ...(undoOf === undefined ? {} : { [UNDO_OF_HEADER]: undoOf as unknown as JsonObject }),
  });
}

/** As {@link activityHeaderOf}, of a run's start. */
export function startHeaderOf({ header, system, carriedUndos }: HistoryEventAttributes['WORKFLOW_EXECUTION_STARTED']): Record<string, unknown> | undefined {
  return headerOf({
    ...header,
    ...(system === undefined ? {} : { [SYSTEM_HEADER]: system as unknown as JsonObject }),
    ...(carriedUndos === undefined ? {} : { [CARRIED_UNDOS_HEADER]: carriedUndos as unknown as JsonObject[] }),
  });
}
