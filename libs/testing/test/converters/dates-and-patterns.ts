import { CompositePayloadConverter, decode, encode, METADATA_ENCODING_KEY, UndefinedPayloadConverter, ValueError, type EncodingType, type Payload, type PayloadConverterWithEncoding } from '@backstitch/workflow/common';

/** JSON, in which times and patterns keep their kind. */
class RichJsonConverter implements PayloadConverterWithEncoding {
  readonly encodingType = 'json/plain' as EncodingType;

  toPayload(value: unknown): Payload | undefined {
    if (typeof value === 'function') throw new ValueError('A function cannot be sent.');
    return { metadata: { [METADATA_ENCODING_KEY]: encode('json/plain'), format: encode('rich') }, data: encode(JSON.stringify(written(value))) };
  }

  fromPayload<T>(payload: Payload): T {
    return JSON.parse(decode(payload.data ?? new Uint8Array()), (_name, value: unknown) => read(value)) as T;
  }
}

/** By what it says of itself: a value may come from a realm of its own, as in the sandbox. */
function isA(kind: string, value: unknown): boolean {
  return Object.prototype.toString.call(value) === `[object ${kind}]`;
}

function written(value: unknown): unknown {
  if (isA('Date', value)) return { $date: (value as Date).getTime() };
  if (isA('RegExp', value)) return { $pattern: (value as RegExp).source };
  if (Array.isArray(value)) return value.map(written);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([name, field]) => [name, written(field)])) : value;
}

function read(value: unknown): unknown {
  const { $date, $pattern } = (value ?? {}) as { $date?: number; $pattern?: string };
  return $date !== undefined ? new Date($date) : $pattern !== undefined ? new RegExp($pattern) : value;
}

export const payloadConverter = new CompositePayloadConverter(new UndefinedPayloadConverter(), new RichJsonConverter());
