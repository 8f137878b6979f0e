import type { HistoryEvent, JsonValue } from '@backstitch/protocol';
import type { PayloadDecoder } from '../ports/payload-decoder.js';
import { isCommandEvent } from './evolve.js';

/** The events of a history that commands made, with their payloads decoded, by event; those without encoded payloads are left out. For comparing alone. */
export async function decodeCommandEvents(events: readonly HistoryEvent[], decode: PayloadDecoder): Promise<ReadonlyMap<number, HistoryEvent>> {
  const made = events.filter(isCommandEvent);
  const attributes = made.map((event) => event.attributes as unknown as JsonValue);
  const decoded = await decode(attributes);
  const changed = new Map<number, HistoryEvent>();
  made.forEach((event, index) => {
    if (decoded[index] !== attributes[index]) {
      changed.set(event.eventId, { ...event, attributes: decoded[index] } as unknown as HistoryEvent);
    }
  });
  return changed;
}
