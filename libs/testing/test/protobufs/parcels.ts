import { patchProtobufRoot } from '@backstitch/workflow/common/protobufs';
import protobuf from 'protobufjs/light.js';

/** As `pbjs -t json-module` writes it, of two files. */
const root = protobuf.Root.fromJSON({
  nested: {
    Label: { fields: { text: { type: 'string', id: 1 }, code: { type: 'bytes', id: 2 } } },
    post: { nested: { v1: { nested: { Parcel: { fields: { to: { type: 'string', id: 1 }, grams: { type: 'int64', id: 2 }, stamp: { type: 'bytes', id: 3 } } } } } } },
  },
});

export const parcels = patchProtobufRoot(root) as protobuf.Root & { Label: protobuf.Type; post: { v1: { Parcel: protobuf.Type } } };

export interface Parcel {
  to: string;
  grams: number;
  stamp: Uint8Array;
}
export interface Label {
  text: string;
  code: Uint8Array;
}

export const newParcel = (fields: Parcel): Parcel => parcels.post.v1.Parcel.create({ ...fields }) as unknown as Parcel;
export const newLabel = (fields: Label): Label => parcels.Label.create({ ...fields }) as unknown as Label;
