import type { JsonValue } from '../json.js';
import type { PayloadCodec } from '../payload-codec.js';
import { payloadFromJson, payloadToJson, type Payload } from './payload.js';
import type { PayloadConverter } from './payload-converters.js';

/** Encodes payloads, e.g. encrypts them. Temporal's shape: see `PayloadCodec` for Backstitch's own. */
export interface PayloadsCodec {
  encode(payloads: Payload[]): Promise<Payload[]>;
  decode(payloads: Payload[]): Promise<Payload[]>;
}

/** How values become what is sent and kept, and back. Clients, services and workflow bundles of a deployment have the same. */
export interface DataConverter {
  /** A module that exports a `payloadConverter`. Default: values are JSON. */
  payloadConverterPath?: string;
  /** Failures have one shape here: taken for compatibility, and not used. */
  failureConverterPath?: string;
  /** Applied to what is sent, the last first. Default: none. */
  payloadCodecs?: PayloadsCodec[];
}

/** Codecs of payloads as one codec of the JSON that wires carry. Undefined for none. */
export function codecOfPayloads(codecs: readonly PayloadsCodec[] | undefined): PayloadCodec | undefined {
  if (codecs === undefined || codecs.length === 0) return undefined;
  return {
    encode: async (values) => {
      let payloads = values.map(payloadFromJson);
      for (const codec of [...codecs].reverse()) payloads = await codec.encode(payloads);
      return payloads.map(payloadToJson);
    },
    decode: async (values) => {
      let payloads = values.map(payloadFromJson);
      for (const codec of codecs) payloads = await codec.decode(payloads);
      return payloads.map(payloadToJson);
    },
  };
}

/** Values as the JSON that wires carry, through a converter of one's own. */
export class ValueConversion {
  constructor(private readonly converter: PayloadConverter) {}

  /** @throws what the converter throws */
  toJson(value: unknown): JsonValue {
    return payloadToJson(this.converter.toPayload(value));
  }

  fromJson(json: JsonValue): unknown {
    return this.converter.fromPayload(payloadFromJson(json));
  }
}
