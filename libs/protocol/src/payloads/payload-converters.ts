import { PayloadConverterError, ValueError } from './payload-errors.js';
import { encodingOf, encodingTypes, METADATA_ENCODING_KEY, type EncodingType, type Payload } from './payload.js';
import { decodeUtf8, encodeUtf8 } from './utf8.js';

/** Turns values into payloads and back. Must give the same always: it is used in workflow code, too. */
export interface PayloadConverter {
  /** @throws ValueError for what it cannot convert */
  toPayload<T>(value: T): Payload;
  fromPayload<T>(payload: Payload): T;
}

/** A converter of values of one kind: see {@link CompositePayloadConverter}. */
export interface PayloadConverterWithEncoding {
  readonly encodingType: EncodingType;
  /** Undefined: the value is of another kind. */
  toPayload<T>(value: T): Payload | undefined;
  fromPayload<T>(payload: Payload): T;
}

/** Tries its converters in their order; a payload goes to the one whose encoding it bears. */
export class CompositePayloadConverter implements PayloadConverter {
  readonly converters: readonly PayloadConverterWithEncoding[];
  readonly #byEncoding: ReadonlyMap<string, PayloadConverterWithEncoding>;

  /** @throws PayloadConverterError without any converter */
  constructor(...converters: PayloadConverterWithEncoding[]) {
    if (converters.length === 0) throw new PayloadConverterError('A composite payload converter needs at least one converter.');
    this.converters = Object.freeze(converters);
    this.#byEncoding = new Map(converters.map((converter) => [converter.encodingType, converter]));
  }

  /** @throws ValueError if none takes the value */
  toPayload<T>(value: T): Payload {
    for (const converter of this.converters) {
      const payload = converter.toPayload(value);
      if (payload !== undefined) return payload;
    }
    throw new ValueError(`A ${typeof value} cannot be written as a payload.`);
  }

  /** @throws ValueError for an encoding that none of them has */
  fromPayload<T>(payload: Payload): T {
    const encoding = encodingOf(payload);
    const converter = this.#byEncoding.get(encoding ?? '');
    if (converter === undefined) throw new ValueError(`Unknown payload encoding: ${String(encoding)}`);
    return converter.fromPayload<T>(payload);
  }
}

/** Nothing. */
export class UndefinedPayloadConverter implements PayloadConverterWithEncoding {
  readonly encodingType = encodingTypes.METADATA_ENCODING_NULL;

  toPayload(value: unknown): Payload | undefined {
    return value === undefined ? { metadata: encoding(this.encodingType) } : undefined;
  }

  fromPayload<T>(): T {
    return undefined as T;
  }
}

/** Bytes. */
export class BinaryPayloadConverter implements PayloadConverterWithEncoding {
  readonly encodingType = encodingTypes.METADATA_ENCODING_RAW;

  toPayload(value: unknown): Payload | undefined {
    return value instanceof Uint8Array ? { metadata: encoding(this.encodingType), data: value } : undefined;
  }

  fromPayload<T>(payload: Payload): T {
    return new Uint8Array(payload.data ?? []) as T;
  }
}

/** Whatever JSON can carry. */
export class JsonPayloadConverter implements PayloadConverterWithEncoding {
  readonly encodingType = encodingTypes.METADATA_ENCODING_JSON;

  toPayload(value: unknown): Payload | undefined {
    if (value === undefined) return undefined;
    let json: string | undefined;
    try {
      json = JSON.stringify(value) as string | undefined;
    } catch {
      return undefined;
    }
    return json === undefined ? undefined : { metadata: encoding(this.encodingType), data: encodeUtf8(json) };
  }

  /** @throws ValueError without data */
  fromPayload<T>(payload: Payload): T {
    if (payload.data == null) throw new ValueError('A payload of JSON has no data.');
    return JSON.parse(decodeUtf8(payload.data)) as T;
  }
}

/** Nothing, bytes, and whatever JSON can carry, in this order. */
export class DefaultPayloadConverter extends CompositePayloadConverter {
  constructor() {
    super(new UndefinedPayloadConverter(), new BinaryPayloadConverter(), new JsonPayloadConverter());
  }
}

export const defaultPayloadConverter: PayloadConverter = new DefaultPayloadConverter();

/** One payload for each value. Undefined for none. */
export function toPayloads(converter: PayloadConverter, ...values: unknown[]): Payload[] | undefined {
  return values.length === 0 ? undefined : values.map((value) => converter.toPayload(value));
}

/** The value of one of several payloads; undefined where there is none. */
export function fromPayloadsAtIndex<T>(converter: PayloadConverter, index: number, payloads?: Payload[] | null): T {
  const payload = payloads?.[index];
  return (payload === undefined ? undefined : converter.fromPayload(payload)) as T;
}

/** The values of several payloads. */
export function arrayFromPayloads(converter: PayloadConverter, payloads?: Payload[] | null): unknown[] {
  return (payloads ?? []).map((payload) => converter.fromPayload(payload));
}

/** A payload for each field. */
export function mapToPayloads<K extends string>(converter: PayloadConverter, map: Record<K, unknown>): Record<K, Payload> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, converter.toPayload(value)])) as Record<K, Payload>;
}

/** The opposite of {@link mapToPayloads}. */
export function mapFromPayloads<K extends string, T = unknown>(converter: PayloadConverter, map?: Record<K, Payload> | null): Record<K, T> | undefined {
  return map == null ? undefined : (Object.fromEntries(Object.entries<Payload>(map).map(([name, payload]) => [name, converter.fromPayload(payload)])) as Record<K, T>);
}

function encoding(name: EncodingType): Record<string, Uint8Array> {
  return { [METADATA_ENCODING_KEY]: encodeUtf8(name) };
}
