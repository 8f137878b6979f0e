import type { Failure } from './failure.js';
import type { JsonObject, JsonValue } from './json.js';

/**
 * Changes payloads at the edges of a deployment - encrypts, compresses - so that histories and queues hold only what it made of them. The same codec (and the same
 * keys) goes to everything that reads or writes payloads: clients, services, orchestrators.
 *
 * Guarantees asked of it: `decode` gives back what `encode` was given, for everything that was ever encoded and is still kept. Results come in the order of the
 * values, as many as there were. A codec that rejects fails the call, or the attempt, that needs it.
 */
export interface PayloadCodec {
  encode(values: JsonValue[]): Promise<JsonValue[]> | JsonValue[];
  decode(values: JsonValue[]): Promise<JsonValue[]> | JsonValue[];
}

/** The single field of an object that stands in the place of an encoded value: what a codec made is told from what was there before it was set. */
export const ENCODED_PAYLOAD_KEY = '__backstitch_encoded';

/** Whether a value is what {@link encodePayloads} made. */
export function isEncodedPayload(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && ENCODED_PAYLOAD_KEY in value && Object.keys(value).length === 1;
}

/** Each value as the codec encodes it, marked as such. Without a codec: the values themselves. */
export async function encodePayloads(codec: PayloadCodec | undefined, values: JsonValue[]): Promise<JsonValue[]> {
  if (codec === undefined || values.length === 0) return values;
  return sameCount(values, await codec.encode(values)).map((value) => ({ [ENCODED_PAYLOAD_KEY]: value }));
}

/**
 * Each value as it was before it was encoded; what bears no mark was never encoded, and stays as it is. An encoded value inside of another one (the input of an
 * undo is made of payloads of its step) is found too, down to `depth` levels. Without a codec: the values themselves.
 */
export async function decodePayloads(codec: PayloadCodec | undefined, values: JsonValue[], depth = 0): Promise<JsonValue[]> {
  if (codec === undefined || values.length === 0) return values;
  const encoded: JsonValue[] = [];
  for (const value of values) collect(value, depth, encoded);
  if (encoded.length === 0) return values;
  const decoded = sameCount(encoded, await codec.decode(encoded));
  let next = 0;
  return values.map((value) => replace(value, depth, () => decoded[next++] ?? null));
}

/** One value, as {@link encodePayloads}. */
export async function encodePayload(codec: PayloadCodec | undefined, value: JsonValue): Promise<JsonValue> {
  return codec === undefined ? value : ((await encodePayloads(codec, [value]))[0] ?? null);
}

/** One value, as {@link decodePayloads}. */
export async function decodePayload(codec: PayloadCodec | undefined, value: JsonValue, depth = 0): Promise<JsonValue> {
  return codec === undefined ? value : ((await decodePayloads(codec, [value], depth))[0] ?? null);
}

function collect(value: JsonValue, depth: number, into: JsonValue[]): void {
  if (isEncodedPayload(value)) into.push(value[ENCODED_PAYLOAD_KEY] ?? null);
  else if (depth > 0 && typeof value === 'object' && value !== null) for (const item of Object.values(value) as JsonValue[]) collect(item, depth - 1, into);
}

function replace(value: JsonValue, depth: number, decoded: () => JsonValue): JsonValue {
  if (isEncodedPayload(value)) return decoded();
  if (depth === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => replace(item, depth - 1, decoded));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item as JsonValue, depth - 1, decoded)]));
}

/** A codec answered with more or fewer values than it was given. */
export class PayloadCodecError extends Error {
  override readonly name = 'PayloadCodecError';
  readonly code = 'PAYLOAD_CODEC';
}

function sameCount(given: readonly JsonValue[], answered: JsonValue[]): JsonValue[] {
  if (answered.length !== given.length) throw new PayloadCodecError(`The payload codec was given ${given.length} values and answered ${answered.length}.`);
  return answered;
}

/** A failure whose details, and those of its causes, are encoded. Messages and stacks stay readable. */
export async function encodeFailure(codec: PayloadCodec | undefined, failure: Failure): Promise<Failure> {
  return codec === undefined ? failure : mapFailure(failure, (values) => encodePayloads(codec, values));
}

/** The opposite of {@link encodeFailure}. */
export async function decodeFailure(codec: PayloadCodec | undefined, failure: Failure): Promise<Failure> {
  return codec === undefined ? failure : mapFailure(failure, (values) => decodePayloads(codec, values));
}

async function mapFailure(failure: Failure, map: (values: JsonValue[]) => Promise<JsonValue[]>): Promise<Failure> {
  const { cause, applicationFailureInfo, canceledFailureInfo, timeoutFailureInfo } = failure;
  const mapped: Failure = { ...failure };
  if (cause !== undefined) mapped.cause = await mapFailure(cause, map);
  if (applicationFailureInfo?.details !== undefined) mapped.applicationFailureInfo = { ...applicationFailureInfo, details: await map(applicationFailureInfo.details) };
  if (canceledFailureInfo?.details !== undefined) mapped.canceledFailureInfo = { ...canceledFailureInfo, details: await map(canceledFailureInfo.details) };
  if (timeoutFailureInfo?.lastHeartbeatDetails !== undefined) {
    const [lastHeartbeatDetails] = await map([timeoutFailureInfo.lastHeartbeatDetails]);
    mapped.timeoutFailureInfo = { ...timeoutFailureInfo, lastHeartbeatDetails };
  }
  return mapped;
}
