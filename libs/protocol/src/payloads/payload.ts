import type { JsonObject, JsonValue } from '../json.js';
import { fromBase64, toBase64 } from './base64.js';
import { decodeUtf8, encodeUtf8 } from './utf8.js';

/** A value as converters and codecs of one's own see it. Temporal's shape; elsewhere Backstitch carries plain JSON. */
export interface Payload {
  metadata?: Record<string, Uint8Array> | null;
  data?: Uint8Array | null;
}

export const METADATA_ENCODING_KEY = 'encoding';

/** Values of a payload's metadata `encoding`. */
export const encodingTypes = {
  METADATA_ENCODING_NULL: 'binary/null',
  METADATA_ENCODING_RAW: 'binary/plain',
  METADATA_ENCODING_JSON: 'json/plain',
  METADATA_ENCODING_PROTOBUF_JSON: 'json/protobuf',
  METADATA_ENCODING_PROTOBUF: 'binary/protobuf',
} as const;

/** Those as the bytes that metadata holds; made anew each time, since bytes cannot be frozen. */
export const encodingKeys = Object.defineProperties(
  {},
  Object.fromEntries(Object.entries(encodingTypes).map(([name, type]) => [name, { get: () => encodeUtf8(type), enumerable: true }])),
) as Readonly<Record<keyof typeof encodingTypes, Uint8Array>>;

/** Under which a payload's metadata has the name of its protobuf message. */
export const METADATA_MESSAGE_TYPE_KEY = 'messageType';

export type EncodingType = (typeof encodingTypes)[keyof typeof encodingTypes];

/** The single field of an object that stands in the place of a payload that is not plain JSON: its metadata and data, in base64. */
const PAYLOAD_KEY = '__backstitch_payload';

/** A payload as the JSON that wires and histories carry: the value itself where the payload is plain JSON and nothing else. */
export function payloadToJson({ metadata, data }: Payload): JsonValue {
  const names = Object.keys(metadata ?? {});
  if (names.length === 1 && encodingOf({ metadata }) === encodingTypes.METADATA_ENCODING_JSON && data != null) return JSON.parse(decodeUtf8(data)) as JsonValue;
  const texts = Object.fromEntries(names.map((name) => [name, toBase64(metadata?.[name] ?? new Uint8Array())]));
  return { [PAYLOAD_KEY]: { metadata: texts, ...(data == null ? {} : { data: toBase64(data) }) } };
}

/** A payload that is not plain JSON, as {@link payloadToJson} has written it: its bytes are base64. Undefined: it is the value itself. */
export function writtenPayload(json: JsonValue): { metadata: Record<string, string>; data?: string } | undefined {
  return isMarked(json) ? (json[PAYLOAD_KEY] as { metadata: Record<string, string>; data?: string }) : undefined;
}

/** The opposite of {@link payloadToJson}: what bears no mark is a payload of plain JSON. */
export function payloadFromJson(json: JsonValue): Payload {
  const written = writtenPayload(json);
  if (written === undefined) return { metadata: { [METADATA_ENCODING_KEY]: encodeUtf8(encodingTypes.METADATA_ENCODING_JSON) }, data: encodeUtf8(JSON.stringify(json)) };
  const { metadata, data } = written;
  return {
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name, fromBase64(text)])),
    ...(data === undefined ? {} : { data: fromBase64(data) }),
  };
}

/** How a payload says that it is encoded; undefined: it does not say. */
export function encodingOf({ metadata }: Pick<Payload, 'metadata'>): string | undefined {
  const encoding = metadata?.[METADATA_ENCODING_KEY];
  return encoding === undefined ? undefined : decodeUtf8(encoding);
}

function isMarked(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && PAYLOAD_KEY in json && Object.keys(json).length === 1;
}
