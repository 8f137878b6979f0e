import { loadPayloadConverter } from '@backstitch/protocol/load-payload-converter';
import { codecOfPayloads, ValueConversion, type DataConverter } from '@backstitch/protocol/payloads';
import { decodeFailure, decodePayloads, encodeFailure, encodePayload, encodePayloads, type Failure, type JsonObject, type JsonValue, type PayloadCodec } from '@backstitch/protocol';

/** How a client's values are written. */
export interface PayloadsOptions {
  payloadCodec?: PayloadCodec;
  dataConverter?: DataConverter;
}

/**
 * Values as they cross the wire, and back: plain JSON, or what a converter of the deployment's own makes of them; through its codec where there is one. Memos and
 * details of any kind are JSON always.
 */
export class Payloads {
  readonly #codec: PayloadCodec | undefined;
  readonly #converterPath: string | undefined;
  #conversion: Promise<ValueConversion> | undefined;

  constructor({ payloadCodec, dataConverter }: PayloadsOptions = {}) {
    this.#codec = payloadCodec ?? codecOfPayloads(dataConverter?.payloadCodecs);
    this.#converterPath = dataConverter?.payloadConverterPath;
  }

  /** Arguments and results. @throws TypeError for what JSON cannot carry; what the converter throws */
  async encodeAll(values: readonly unknown[]): Promise<JsonValue[]> {
    if (this.#converterPath === undefined) return this.encodeDetails(values);
    const conversion = await this.#converter(this.#converterPath);
    return encodePayloads(this.#codec, values.map((value) => conversion.toJson(value)));
  }

  async encode(value: unknown): Promise<JsonValue> {
    return (await this.encodeAll([value]))[0] ?? null;
  }

  /** What no converter sees. @throws TypeError for what JSON cannot carry */
  async encodeDetails(values: readonly unknown[]): Promise<JsonValue[]> {
    return encodePayloads(this.#codec, values.map(toJson));
  }

  async encodeDetail(value: unknown): Promise<JsonValue> {
    return encodePayload(this.#codec, toJson(value));
  }

  async encodeFields(fields: Record<string, unknown> | undefined): Promise<JsonObject | undefined> {
    if (fields === undefined) return undefined;
    const values = await this.encodeDetails(Object.values(fields));
    return Object.fromEntries(Object.keys(fields).map((name, index) => [name, values[index] ?? null]));
  }

  async decode<T>(value: JsonValue | undefined): Promise<T> {
    if (value === undefined) return undefined as T;
    const [decoded] = await this.decodeAll([value]);
    return decoded as T;
  }

  /** The opposite of {@link encodeDetail}. */
  async decodeDetail<T>(value: JsonValue | undefined): Promise<T> {
    return (value === undefined ? undefined : (await decodePayloads(this.#codec, [value]))[0]) as T;
  }

  async decodeAll(values: readonly JsonValue[]): Promise<unknown[]> {
    const decoded = await decodePayloads(this.#codec, [...values]);
    if (this.#converterPath === undefined) return decoded;
    const conversion = await this.#converter(this.#converterPath);
    return decoded.map((value) => conversion.fromJson(value));
  }

  #converter(path: string): Promise<ValueConversion> {
    return (this.#conversion ??= loadPayloadConverter(path).then((converter) => new ValueConversion(converter)));
  }

  async decodeFailure(failure: Failure): Promise<Failure> {
    return decodeFailure(this.#codec, failure);
  }

  async encodeFailure(failure: Failure): Promise<Failure> {
    return encodeFailure(this.#codec, failure);
  }

  async decodeFields(fields: JsonObject): Promise<Record<string, unknown>> {
    const values = await decodePayloads(this.#codec, Object.values(fields));
    return Object.fromEntries(Object.keys(fields).map((name, index) => [name, values[index]]));
  }
}

function toJson(value: unknown): JsonValue {
  if (value === undefined) return null;
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`A ${typeof value} cannot be sent: it is no JSON.`);
  return JSON.parse(text) as JsonValue;
}
