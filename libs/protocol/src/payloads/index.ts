/** Payloads as converters and codecs of one's own see them. No function here needs a sandbox, or Node. */
export { fromBase64, toBase64 } from './base64.js';
export { codecOfPayloads, ValueConversion, type DataConverter, type PayloadsCodec } from './data-converter.js';
export {
  arrayFromPayloads,
  BinaryPayloadConverter,
  CompositePayloadConverter,
  DefaultPayloadConverter,
  defaultPayloadConverter,
  fromPayloadsAtIndex,
  JsonPayloadConverter,
  mapFromPayloads,
  mapToPayloads,
  toPayloads,
  UndefinedPayloadConverter,
  type PayloadConverter,
  type PayloadConverterWithEncoding,
} from './payload-converters.js';
export { headersFromJson, headersToJson, type Headers } from './payload-headers.js';
export { PayloadConverterError, ValueError } from './payload-errors.js';
export { encodingKeys, encodingTypes, METADATA_ENCODING_KEY, METADATA_MESSAGE_TYPE_KEY, payloadFromJson, payloadToJson, writtenPayload, type EncodingType, type Payload } from './payload.js';
export { decodeUtf8, encodeUtf8 } from './utf8.js';
