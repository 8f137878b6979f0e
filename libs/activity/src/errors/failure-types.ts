import { FAILURE_TYPE } from '@backstitch/protocol';

/** `applicationFailureInfo.type` of every failure that this library raises by itself. */
export const ACTIVITY_FAILURE_TYPE = {
  ...FAILURE_TYPE,
  /** The service's database could not be reached, or the connection broke: retryable. */
  serviceUnavailable: 'ServiceUnavailable',
  /** The result is no JSON that Postgres can store. Not retryable. */
  payloadInvalid: 'BackstitchPayloadInvalid',
  /** A payload could not be encoded or decoded by the deployment's codec. Retryable. */
  payloadCodec: 'BackstitchPayloadCodec',
  /** A handler did what handlers of its mode cannot do. Not retryable. */
  wrongMode: 'BackstitchWrongActivityMode',
  /** A handler has committed or rolled back the attempt's transaction itself: what it did is outside of the inbox's care. Not retryable. */
  transactionEnded: 'BackstitchTransactionEnded',
} as const;
