import { LIMITS, type JsonValue } from '@backstitch/protocol';
import { ApplicationFailure, applicationFailure } from '../errors/application-failure.js';
import { ACTIVITY_FAILURE_TYPE } from '../errors/failure-types.js';

/** A payload as it is stored and sent. */
export interface SerializedPayload {
  json: string;
  bytes: number;
  value: JsonValue;
}

/**
 * A handler's value as JSON; nothing is null.
 * @throws {ApplicationFailure} not retryable: payloadInvalid if it is no JSON, payloadTooLarge beyond 2 MiB
 */
export function serializePayload(what: string, value: unknown): SerializedPayload {
  let json: string | undefined;
  try {
    json = JSON.stringify(value ?? null);
  } catch (cause) {
    throw applicationFailure({ message: `${what} is no JSON.`, type: ACTIVITY_FAILURE_TYPE.payloadInvalid, nonRetryable: true, cause });
  }
  if (json === undefined) throw ApplicationFailure.nonRetryable(`${what} is no JSON but a ${typeof value}.`, ACTIVITY_FAILURE_TYPE.payloadInvalid);
  const bytes = Buffer.byteLength(json);
  if (bytes > LIMITS.payloadBytesMax) {
    throw ApplicationFailure.nonRetryable(`${what} has ${bytes} bytes; the limit is ${LIMITS.payloadBytesMax}.`, ACTIVITY_FAILURE_TYPE.payloadTooLarge, {
      bytes,
      bytesMax: LIMITS.payloadBytesMax,
    });
  }
  return { json, bytes, value: (value ?? null) as JsonValue };
}
