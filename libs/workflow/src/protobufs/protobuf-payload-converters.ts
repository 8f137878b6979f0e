import type { Root, Type } from 'protobufjs';
import protojson from 'protobufjs/ext/protojson.js';
import {
  BinaryPayloadConverter,
  CompositePayloadConverter,
  decode,
  encode,
  encodingTypes,
  JsonPayloadConverter,
  METADATA_ENCODING_KEY,
  METADATA_MESSAGE_TYPE_KEY,
  PayloadConverterError,
  UndefinedPayloadConverter,
  ValueError,
  type EncodingType,
  type Payload,
  type PayloadConverterWithEncoding,
} from '../common.js';
import { isMessage, isRoot, wireNameOf } from './reflection.js';
import { withPlainBytes } from './plain-bytes.js';

/** What both converters share. A value that is no message is left to other converters. */
abstract class ProtobufPayloadConverter implements PayloadConverterWithEncoding {
  abstract readonly encodingType: EncodingType;
  readonly #root: Root | undefined;

  /**
   * @param root what `patchProtobufRoot` gave; without one, messages can be written and not read
   * @throws TypeError for what is no root of protobufjs
   */
  constructor(root?: unknown) {
    if (root === undefined || root === null) return;
    if (!isRoot(root)) throw new TypeError('The root of a protobuf payload converter must be a Root of protobufjs.');
    // A copy that a compiler made for `import * as root` leads to the root itself.
    this.#root = (root as { root?: Root }).root ?? root;
  }

  toPayload(value: unknown): Payload | undefined {
    if (!isMessage(value)) return undefined;
    return {
      metadata: { [METADATA_ENCODING_KEY]: encode(this.encodingType), [METADATA_MESSAGE_TYPE_KEY]: encode(wireNameOf(value.$type)) },
      data: this.write(value.$type, value),
    };
  }

  /** @throws ValueError for a payload without data or without the name of its message; PayloadConverterError where the root is missing, or has no such message */
  fromPayload<T>({ data, metadata }: Payload): T {
    if (data == null) throw new ValueError('A payload of a protobuf message has no data.');
    const name = metadata?.[METADATA_MESSAGE_TYPE_KEY];
    if (name === undefined) throw new ValueError(`A payload of a protobuf message has no metadata ${METADATA_MESSAGE_TYPE_KEY}.`);
    return withPlainBytes(this.read(this.#typeOf(decode(name)), data)) as T;
  }

  protected abstract write(type: Type, message: object): Uint8Array;
  protected abstract read(type: Type, data: Uint8Array): object;

  #typeOf(name: string): Type {
    if (this.#root === undefined) throw new PayloadConverterError(`The protobuf message ${name} cannot be read: the payload converter was given no root.`);
    try {
      return this.#root.lookupType(name);
    } catch (error) {
      if (error instanceof Error && error.message.includes('no such')) throw new PayloadConverterError(`The root of the payload converter has no protobuf message ${name}.`, error);
      throw error;
    }
  }
}

/** Messages in protobuf's own format. */
export class ProtobufBinaryPayloadConverter extends ProtobufPayloadConverter {
  readonly encodingType = encodingTypes.METADATA_ENCODING_PROTOBUF;

  protected write(type: Type, message: object): Uint8Array {
    return new Uint8Array(type.encode(message).finish());
  }

  protected read(type: Type, data: Uint8Array): object {
    return type.decode(new Uint8Array(data));
  }
}

/** Messages in protobuf's JSON format. */
export class ProtobufJsonPayloadConverter extends ProtobufPayloadConverter {
  readonly encodingType = encodingTypes.METADATA_ENCODING_PROTOBUF_JSON;

  protected write(type: Type, message: object): Uint8Array {
    return encode(JSON.stringify(protojson.toJson(type, message)));
  }

  protected read(type: Type, data: Uint8Array): object {
    return protojson.fromJson(type, JSON.parse(decode(data)), { ignoreUnknownFields: true });
  }
}

export interface DefaultPayloadConverterWithProtobufsOptions {
  /** What `patchProtobufRoot` gave. */
  protobufRoot: Record<string, unknown>;
}

/** Nothing, bytes, protobuf messages (written as JSON, read in both formats), and whatever JSON can carry, in this order. */
export class DefaultPayloadConverterWithProtobufs extends CompositePayloadConverter {
  constructor({ protobufRoot }: DefaultPayloadConverterWithProtobufsOptions) {
    super(
      new UndefinedPayloadConverter(),
      new BinaryPayloadConverter(),
      new ProtobufJsonPayloadConverter(protobufRoot),
      new ProtobufBinaryPayloadConverter(protobufRoot),
      new JsonPayloadConverter(),
    );
  }
}
