/** Object ids of the element types, fixed in every Postgres. */
const OID = { int2: 21, int4: 23, int8: 20, json: 114, text: 25, uuid: 2950 } as const;

/** Element types that {@link binaryArray} writes. */
export type ArrayElementType = keyof typeof OID;

/** What an element may be: a number for the integers, text for the others. */
export type ArrayElement = number | string | null;

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;

/**
 * An array in Postgres' binary format, which pg sends as it is. A text array would have each quote of each JSON text in it escaped here and unescaped
 * there, which costs more than everything else about a batch's parameters.
 */
export function binaryArray(type: ArrayElementType, elements: readonly ArrayElement[]): Buffer {
  const bytes = type === 'json' || type === 'text' ? elements.map((element) => (element === null ? 0 : Buffer.byteLength(element as string))) : undefined;
  const fixedBytes = FIXED_BYTES[type];
  let length = HEADER_BYTES + elements.length * LENGTH_BYTES;
  elements.forEach((element, index) => (length += element === null ? 0 : (bytes?.[index] ?? fixedBytes)));
  const buffer = Buffer.allocUnsafe(length);
  let offset = writeHeader(buffer, type, elements);
  elements.forEach((element, index) => {
    const elementBytes = element === null ? -1 : (bytes?.[index] ?? fixedBytes);
    offset = buffer.writeInt32BE(elementBytes, offset);
    if (element !== null) {
      writeElement(buffer, type, element, offset);
      offset += elementBytes;
    }
  });
  return buffer;
}

const FIXED_BYTES: Record<ArrayElementType, number> = { int2: 2, int4: 4, int8: 8, json: 0, text: 0, uuid: 16 };

/** One dimension, numbered from 1. */
function writeHeader(buffer: Buffer, type: ArrayElementType, elements: readonly ArrayElement[]): number {
  let offset = buffer.writeInt32BE(1, 0);
  offset = buffer.writeInt32BE(elements.includes(null) ? 1 : 0, offset);
  offset = buffer.writeInt32BE(OID[type], offset);
  offset = buffer.writeInt32BE(elements.length, offset);
  return buffer.writeInt32BE(1, offset);
}

function writeElement(buffer: Buffer, type: ArrayElementType, element: number | string, offset: number): void {
  switch (type) {
    case 'int2':
      buffer.writeInt16BE(element as number, offset);
      return;
    case 'int4':
      buffer.writeInt32BE(element as number, offset);
      return;
    case 'int8':
      // Two halves: no BigInt is made. Exact for every safe whole number, negative ones too.
      buffer.writeInt32BE(Math.floor((element as number) / 2 ** 32), offset);
      buffer.writeUInt32BE((element as number) >>> 0, offset + 4);
      return;
    case 'uuid':
      writeUuid(buffer, element as string, offset);
      return;
    case 'json':
    case 'text':
      buffer.write(element as string, offset, 'utf8');
      return;
    default: {
      const never: never = type;
      return never;
    }
  }
}

const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i;

/** The text of a UUID is not of the form that this project writes. */
export class InvalidUuidError extends Error {
  override readonly name = 'InvalidUuidError';
  readonly code = 'INVALID_UUID';
  constructor(readonly text: string) {
    super(`"${text.slice(0, 100)}" is no UUID.`);
  }
}

function writeUuid(buffer: Buffer, text: string, offset: number): void {
  const written = UUID.test(text) ? buffer.write(text.replaceAll('-', ''), offset, 'hex') : 0;
  if (written !== FIXED_BYTES.uuid) {
    throw new InvalidUuidError(text);
  }
}
