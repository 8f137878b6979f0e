/**
 * Converters of protobuf messages made by `protobufjs`, under the names of `@temporalio/common/lib/protobufs`. An entry of its own, so that only who imports it needs protobufjs.
 * Works in clients, in services, and, bundled, in workflow code.
 */
export {
  DefaultPayloadConverterWithProtobufs,
  ProtobufBinaryPayloadConverter,
  ProtobufJsonPayloadConverter,
  type DefaultPayloadConverterWithProtobufsOptions,
} from './protobuf-payload-converters.js';
export { patchProtobufRoot } from './patch-protobuf-root.js';
