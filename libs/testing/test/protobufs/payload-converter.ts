import { DefaultPayloadConverterWithProtobufs } from '@backstitch/workflow/common/protobufs';
import { parcels } from './parcels.js';

export const payloadConverter = new DefaultPayloadConverterWithProtobufs({ protobufRoot: parcels as unknown as Record<string, unknown> });
