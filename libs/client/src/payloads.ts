import { decodeFailure, decodePayload, decodePayloads, encodeFailure, encodePayload, encodePayloads, type Failure, type JsonObject, type JsonValue, type PayloadCodec } from '@backstitch/protocol';

/** Values as they cross the wire, and back: plain JSON, through the deployment's codec where there is one. */
export class Payloads {
  readonly #codec: PayloadCodec | undefined;

  constructor(codec: PayloadCodec | undefined) {
    this.#codec = codec;
  }

  /** @throws TypeError for what JSON cannot carry */
  async encodeAll(values: readonly unknown[]): Promise<JsonValue[]> {
    return encodePayloads(this.#codec, values.map(toJson));
  }

  async encode(value: unknown): Promise<JsonValue> {
    return encodePayload(this.#codec, toJson(value));
  }

  async encodeFields(fields: Record<string, unknown> | undefined): Promise<JsonObject | undefined> {
    if (fields === undefined) return undefined;
    const values = await this.encodeAll(Object.values(fields));
    return Object.fromEntries(Object.keys(fields).map((name, index) => [name, values[index] ?? null]));
  }

  async decode<T>(value: JsonValue | undefined): Promise<T> {
    return (value === undefined ? undefined : await decodePayload(this.#codec, value)) as T;
  }

  async decodeAll(values: readonly JsonValue[]): Promise<unknown[]> {
    return decodePayloads(this.#codec, [...values]);
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
