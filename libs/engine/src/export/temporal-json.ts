import type { Headers, JsonObject, JsonValue, ResolvedRetryPolicy, SearchAttributeDefinitions, SearchAttributes, SearchAttributeType, SearchAttributeValue } from '@backstitch/protocol';
import { writtenPayload } from '@backstitch/protocol/payloads';

/** A payload in proto3's JSON form: bytes are base64. */
export interface TemporalPayload {
  metadata: Record<string, string>;
  data: string;
}

const BYTES_PER_CALL = 8_192;
const JSON_PLAIN = base64Of('json/plain');

/** Base64 of the text's UTF-8. */
export function base64Of(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let latin1 = '';
  for (let start = 0; start < bytes.length; start += BYTES_PER_CALL) {
    latin1 += String.fromCharCode(...bytes.subarray(start, start + BYTES_PER_CALL));
  }
  return btoa(latin1);
}

/** A value that a converter of the deployment's own has written is the payload that it made. */
export function payloadOf(value: JsonValue): TemporalPayload {
  const written = writtenPayload(value);
  if (written !== undefined) return { metadata: written.metadata, data: written.data ?? '' };
  return { metadata: { encoding: JSON_PLAIN }, data: base64Of(JSON.stringify(value)) };
}

export function payloadsOf(values: readonly JsonValue[]): { payloads: TemporalPayload[] } {
  return { payloads: values.map(payloadOf) };
}

/** A map of payloads, as headers and memos have it. */
export function fieldsOf(values: Headers | JsonObject): { fields: Record<string, TemporalPayload> } {
  return { fields: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, payloadOf(value)])) };
}

/** A duration in proto3's JSON form: seconds, with as many digits as it needs. */
export function durationOf(durationMs: number): string {
  const wholeMs = Math.round(durationMs);
  const seconds = Math.trunc(wholeMs / 1_000);
  const restMs = Math.abs(wholeMs % 1_000);
  return restMs === 0 ? `${seconds}s` : `${wholeMs < 0 && seconds === 0 ? '-' : ''}${seconds}.${String(restMs).padStart(3, '0')}s`;
}

/** A point in time in proto3's JSON form. */
export function timestampOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** What a 64-bit number is in proto3's JSON form. */
export function int64Of(value: number): string {
  return String(value);
}

export function taskQueueOf(name: string): { name: string; kind: string } {
  return { name, kind: 'TASK_QUEUE_KIND_NORMAL' };
}

/** `jitter` is ours alone and stays behind. */
export function retryPolicyOf(policy: ResolvedRetryPolicy): Record<string, unknown> {
  const { initialIntervalMs, backoffCoefficient, maximumIntervalMs, maximumAttempts, nonRetryableErrorTypes } = policy;
  return {
    initialInterval: durationOf(initialIntervalMs),
    backoffCoefficient,
    maximumInterval: durationOf(maximumIntervalMs),
    maximumAttempts,
    nonRetryableErrorTypes,
  };
}

/** Each attribute's type goes along with its value, as Temporal's servers have it. */
export function searchAttributesOf(attributes: SearchAttributes, definitions: SearchAttributeDefinitions): { indexedFields: Record<string, TemporalPayload> } {
  const indexedFields: Record<string, TemporalPayload> = {};
  for (const [name, values] of Object.entries(attributes)) {
    const { metadata, data } = payloadOf(values);
    indexedFields[name] = { metadata: { ...metadata, type: base64Of(definitions[name] ?? guessedTypeOf(values)) }, data };
  }
  return { indexedFields };
}

function guessedTypeOf([value, ...others]: readonly SearchAttributeValue[]): SearchAttributeType {
  if (others.length > 0) {
    return 'KeywordList';
  }
  switch (typeof value) {
    case 'boolean':
      return 'Bool';
    case 'number':
      return Number.isInteger(value) ? 'Int' : 'Double';
    default:
      return 'Keyword';
  }
}

/** Leaves out what is undefined, as proto3's JSON form does. */
export function defined(entries: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

/** `convert(value)`, or undefined for undefined. */
export function optional<Value, Result>(value: Value | undefined, convert: (value: Value) => Result): Result | undefined {
  return value === undefined ? undefined : convert(value);
}
