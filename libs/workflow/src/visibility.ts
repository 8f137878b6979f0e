import { CURRENT_DETAILS_FUNCTION, ENGINE_SINK, type JsonObject } from '@backstitch/protocol';
import { runFor } from './current-run.js';
import { searchAttributesToJson } from './search-attribute-values.js';
import { toJson } from './to-json.js';
import type { SearchAttributes, SearchAttributeUpdatePair } from './typed-search-attributes.js';

/** Sets search attributes: by typed pairs, where `null` removes one, or in the older form, where `[]` does. What is not named stays. */
export function upsertSearchAttributes(searchAttributes: SearchAttributes | SearchAttributeUpdatePair[]): void {
  const run = runFor('upsertSearchAttributes');
  if (searchAttributes == null) throw new TypeError('upsertSearchAttributes needs search attributes.');
  run.upsertSearchAttributes(Array.isArray(searchAttributes) ? searchAttributesToJson(undefined, searchAttributes) : searchAttributesToJson(searchAttributes));
}

/** Sets entries of the run's memo; `null` and undefined remove one. What is not named stays. */
export function upsertMemo(memo: Record<string, unknown>): void {
  const run = runFor('upsertMemo');
  if (memo == null) throw new TypeError('upsertMemo needs a memo.');
  const json = toJson(Object.fromEntries(Object.entries(memo).map(([key, value]) => [key, value ?? null])), 'A memo');
  run.pushCommand(`{"type":"upsertMemo","memo":${json}}`);
  const merged = Object.entries({ ...run.info.memo, ...(JSON.parse(json) as JsonObject) });
  run.info.memo = Object.fromEntries(merged.filter(([, value]) => value !== null));
}

/** Text for people who look at the run: `describe` and the query `__temporal_workflow_metadata` tell it. */
export function setCurrentDetails(details: string): void {
  const { features } = runFor('setCurrentDetails');
  features.currentDetails = details;
  features.addSinkCall({ sinkName: ENGINE_SINK, functionName: CURRENT_DETAILS_FUNCTION, args: [String(details)] });
}

/** What `setCurrentDetails` has set last; '' before. */
export function getCurrentDetails(): string {
  return runFor('getCurrentDetails').features.currentDetails;
}
