import type { Headers as JsonHeaders, JsonValue } from '@backstitch/protocol';
import { PayloadConverterError, ValueError } from './errors.js';
import { decodeUtf8, encodeUtf8 } from './utf8.js';

/** A value as it is written for transport. Temporal's shape; Backstitch itself carries plain JSON, so payloads are seen by interceptors alone. */
export interface Payload {
  metadata?: Record<string, Uint8Array> | null;
  data?: Uint8Array | null;
}

/** Headers as interceptors see them. */
export type Headers = Record<string, Payload>;

/** Turns values into payloads and back. */
export interface PayloadConverter {
  toPayload<T>(value: T): Payload;
  fromPayload<T>(payload: Payload): T;
}

export const METADATA_ENCODING_KEY = 'encoding';

/** Values of a payload's metadata `encoding`. */
export const encodingTypes = { METADATA_ENCODING_NULL: 'binary/null', METADATA_ENCODING_RAW: 'binary/plain', METADATA_ENCODING_JSON: 'json/plain' } as const;

/** Nothing, bytes, and whatever JSON can carry, in this order. */
class DefaultPayloadConverter implements PayloadConverter {
  /** @throws ValueError for what JSON cannot carry */
  toPayload<T>(value: T): Payload {
    if (value === undefined) return { metadata: encodingOf(encodingTypes.METADATA_ENCODING_NULL) };
    if (value instanceof Uint8Array) return { metadata: encodingOf(encodingTypes.METADATA_ENCODING_RAW), data: value };
    const json = JSON.stringify(value) as string | undefined;
    if (json === undefined) throw new ValueError(`A ${typeof value} cannot be written as a payload.`);
    return { metadata: encodingOf(encodingTypes.METADATA_ENCODING_JSON), data: encodeUtf8(json) };
  }

  /** @throws PayloadConverterError for an encoding that it does not know */
  fromPayload<T>(payload: Payload): T {
    const encoding = payload.metadata?.[METADATA_ENCODING_KEY];
    const name = encoding === undefined ? undefined : decodeUtf8(encoding);
    switch (name) {
      case encodingTypes.METADATA_ENCODING_NULL:
        return undefined as T;
      case encodingTypes.METADATA_ENCODING_RAW:
        return payload.data as T;
      case encodingTypes.METADATA_ENCODING_JSON:
        return JSON.parse(decodeUtf8(payload.data ?? new Uint8Array(0))) as T;
      default:
        throw new PayloadConverterError(`Unknown payload encoding: ${String(name)}`);
    }
  }
}

function encodingOf(name: string): Record<string, Uint8Array> {
  return { [METADATA_ENCODING_KEY]: encodeUtf8(name) };
}

export const defaultPayloadConverter: PayloadConverter = new DefaultPayloadConverter();

/** Headers as they are recorded → as interceptors see them. */
export function headersFromJson(headers: JsonHeaders | undefined): Headers {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, defaultPayloadConverter.toPayload(value)]));
}

/** Headers as a member of a command, with a comma before it; '' for none. Payloads become the JSON that they carry; bytes are base64 in `{"binary":…}`. */
export function headersMember(headers: Record<string, unknown> | undefined): string {
  const entries = Object.entries(headers ?? {});
  if (entries.length === 0) return '';
  return `,"headers":${JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name, jsonOf(value)])))}`;
}

function jsonOf(value: unknown): JsonValue {
  const { metadata } = (value ?? {}) as Payload;
  const plain: unknown = metadata?.[METADATA_ENCODING_KEY] instanceof Uint8Array ? defaultPayloadConverter.fromPayload(value as Payload) : value;
  return plain instanceof Uint8Array ? { binary: base64(plain) } : ((plain ?? null) as JsonValue);
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const [first, second, third] = [bytes[index] as number, bytes[index + 1], bytes[index + 2]];
    const bits = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    text += `${BASE64.charAt(bits >> 18)}${BASE64.charAt((bits >> 12) & 63)}`;
    text += `${second === undefined ? '=' : BASE64.charAt((bits >> 6) & 63)}${third === undefined ? '=' : BASE64.charAt(bits & 63)}`;
  }
  return text;
}
