import type { Headers as JsonHeaders } from '../headers.js';
import type { JsonValue } from '../json.js';
import { fromBase64, toBase64 } from './base64.js';
import { METADATA_ENCODING_KEY, type Payload } from './payload.js';
import { defaultPayloadConverter } from './payload-converters.js';

/** Headers as interceptors see them. */
export type Headers = Record<string, Payload>;

/** Headers as they are recorded → as interceptors see them. */
export function headersFromJson(headers: JsonHeaders | undefined): Headers {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, defaultPayloadConverter.toPayload(bytesOf(value) ?? value)]));
}

/** Headers as they are recorded: payloads become the JSON that they carry, what is no payload stays as it is; bytes are base64 in `{"binary":…}`. */
export function headersToJson(headers: Record<string, unknown>): JsonHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, jsonOf(value)]));
}

function jsonOf(value: unknown): JsonValue {
  const { metadata } = (value ?? {}) as Payload;
  const plain: unknown = metadata?.[METADATA_ENCODING_KEY] instanceof Uint8Array ? defaultPayloadConverter.fromPayload(value as Payload) : value;
  return plain instanceof Uint8Array ? { binary: toBase64(plain) } : ((plain ?? null) as JsonValue);
}

function bytesOf(value: JsonValue): Uint8Array | undefined {
  const { binary, ...rest } = (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}) as { binary?: JsonValue };
  return typeof binary === 'string' && Object.keys(rest).length === 0 ? fromBase64(binary) : undefined;
}
