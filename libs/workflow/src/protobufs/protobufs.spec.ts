import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs/light.js';
import { decode, encode, PayloadConverterError, ValueError, type Payload } from '../common.js';
import { DefaultPayloadConverterWithProtobufs, patchProtobufRoot, ProtobufBinaryPayloadConverter, ProtobufJsonPayloadConverter } from './index.js';

const newRoot = (): protobuf.Root =>
  protobuf.Root.fromJSON({
    nested: {
      Note: { fields: { text: { type: 'string', id: 1 }, page: { type: 'int64', id: 2 }, ink: { type: 'bytes', id: 3 }, pens: { rule: 'repeated', type: 'bytes', id: 4 } } },
      lookup: { fields: { text: { type: 'string', id: 1 } } },
      desk: { nested: { drawer: { nested: { Note: { fields: { text: { type: 'string', id: 1 } } } } } } },
    },
  });
type Patched = protobuf.Root & { Note: protobuf.Type; desk: { drawer: { Note: protobuf.Type } } };
const root = patchProtobufRoot(newRoot()) as Patched;
const note = (): protobuf.Message => root.Note.create({ text: 'é', page: 7, ink: Uint8Array.of(255), pens: [Uint8Array.of(1)] });
const metadataOf = ({ metadata }: Payload): Record<string, string> => Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, decode(value)]));

describe.each([
  ['JSON', new ProtobufJsonPayloadConverter(root), new ProtobufJsonPayloadConverter(), 'json/protobuf'],
  ['binary', new ProtobufBinaryPayloadConverter(root), new ProtobufBinaryPayloadConverter(), 'binary/protobuf'],
])('the %s converter of protobuf messages', (_, converter, withoutRoot, encoding) => {
  it('given a message, when it is written and read, then it is the same message, its bytes plain, and the payload names it with its packages', () => {
    const payload = converter.toPayload(note()) as Payload;
    expect(metadataOf(payload)).toEqual({ encoding, messageType: 'Note' });
    const read = converter.fromPayload<protobuf.Message & { ink: Uint8Array; pens: Uint8Array[] }>(payload);
    expect(root.Note.toObject(read, { longs: Number })).toEqual(root.Note.toObject(note()));
    expect([read.ink.constructor, read.pens[0]?.constructor, read.$type]).toEqual([Uint8Array, Uint8Array, root.Note]);
    expect(metadataOf(converter.toPayload(root.desk.drawer.Note.create({ text: 'a' })) as Payload).messageType).toBe('desk.drawer.Note');
  });

  it('given what is no message, when it is written, then it is left to others', () => {
    for (const value of [undefined, null, 1, 'text', {}, { $type: 'Note' }, []]) expect(converter.toPayload(value)).toBeUndefined();
  });

  it('given no root, when a message is written, then it is; when one is read, then that is said', () => {
    const payload = withoutRoot.toPayload(note()) as Payload;
    expect(payload).toEqual(converter.toPayload(note()));
    expect(() => withoutRoot.fromPayload(payload)).toThrow(PayloadConverterError);
  });

  it('given payloads that are not whole, when they are read, then it is said what is missing', () => {
    const payload = converter.toPayload(note()) as Payload;
    expect(() => converter.fromPayload({ ...payload, data: null })).toThrow(ValueError);
    expect(() => converter.fromPayload({ ...payload, metadata: {} })).toThrow('messageType');
    expect(() => converter.fromPayload({ ...payload, metadata: { ...payload.metadata, messageType: encode('desk.Lamp') } })).toThrow('desk.Lamp');
  });

  it('given what is no root, when a converter is made of it, then it is refused', () => {
    expect(() => new (converter.constructor as new (root: unknown) => unknown)({ nested: {} })).toThrow(TypeError);
  });
});

describe('the default converter with protobufs', () => {
  it('given values of all kinds, when they are written, then each goes its way, messages as JSON; binary messages are read too', () => {
    const converter = new DefaultPayloadConverterWithProtobufs({ protobufRoot: root as unknown as Record<string, unknown> });
    const encodings = [undefined, Uint8Array.of(1), note(), { a: 1 }].map((value) => metadataOf(converter.toPayload(value)).encoding);
    expect(encodings).toEqual(['binary/null', 'binary/plain', 'json/protobuf', 'json/plain']);
    expect(converter.fromPayload<{ text: string }>(new ProtobufBinaryPayloadConverter().toPayload(note()) as Payload).text).toBe('é');
  });
});

describe('a patched root', () => {
  it('given packages and types, when they are looked for, then they are where their generated types say; names that protobufjs has itself stay', () => {
    expect(root.desk.drawer.Note.fullName).toBe('.desk.drawer.Note');
    expect(typeof root.lookup).toBe('function');
    expect(root.lookupType('lookup').name).toBe('lookup');
  });

  it('given a root that was patched before, when it is patched again, then nothing changes', () => {
    expect(patchProtobufRoot(root)).toBe(root);
    expect(root.Note.parent).toBe(root);
  });

  it('given a copy of its own properties, as compilers make one of a whole module, when a converter is made of it, then it works', () => {
    const copy = Object.fromEntries(Object.keys(root).map((name) => [name, root[name as never]]));
    const payload = new ProtobufJsonPayloadConverter().toPayload(note()) as Payload;
    expect(new ProtobufJsonPayloadConverter(copy).fromPayload<{ text: string }>(payload).text).toBe('é');
  });
});
