import { decodePayloads, encodePayload, type JsonValue, type PayloadCodec } from '@backstitch/protocol';
import { loadPayloadConverter } from '@backstitch/protocol/load-payload-converter';
import { codecOfPayloads, ValueConversion, type DataConverter } from '@backstitch/protocol/payloads';
import type { ActivityFunction } from './activity-attempt.js';
import { asJson } from './as-json.js';

/** How a worker's values are written. */
export interface WorkerPayloads {
  codec?: PayloadCodec;
  conversion?: ValueConversion;
}

/** The payloads that a undo's input is made of. */
const UNDO_INPUT_DEPTH = 1;

/** @throws what loading the converter throws */
export async function payloadsOf({ payloadCodecs, payloadConverterPath }: DataConverter): Promise<WorkerPayloads> {
  return {
    codec: codecOfPayloads(payloadCodecs),
    conversion: payloadConverterPath === undefined ? undefined : new ValueConversion(await loadPayloadConverter(payloadConverterPath)),
  };
}

/** An activity that is given what was sent as its function is to see it, and whose result is sent likewise; the activity itself where values are plain JSON. */
export function convertedActivity(activity: ActivityFunction, { codec, conversion }: WorkerPayloads): ActivityFunction {
  if (codec === undefined && conversion === undefined) return activity;
  return async (...sent: never[]): Promise<unknown> => {
    const args = await decodePayloads(codec, sent as JsonValue[], UNDO_INPUT_DEPTH);
    const result: unknown = await activity(...((conversion === undefined ? args : args.map((value) => conversion.fromJson(value))) as never[]));
    return encodePayload(codec, conversion === undefined ? asJson(result) : conversion.toJson(result));
  };
}
