/** Object ids of the element types, fixed in every Postgres. */
const OID = { int2: 21, int4: 23, int8: 20, json: 114, text: 25, uuid: 2950 } as const;

/** Element types that {@link binaryArray} writes. */
export type ArrayElementType = keyof typeof OID;

/** What an element may be: a number for the integers, text for the others; JSON may also be UTF-8, in pieces. */
export type ArrayElement = number | string | readonly Uint8Array[] | null;

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;

/**
 * An array in Postgres' binary format, which pg sends as it is. A text array would have each quote of each JSON text in it escaped here and unescaped
 * there, which costs more than everything else about a batch's parameters.
 */
export function binaryArray(type: ArrayElementType, elements: readonly ArrayElement[]): Buffer {
  const isText = type === 'json' || type === 'text';
  const fixedBytes = FIXED_BYTES[type];
  let length = HEADER_BYTES + elements.length * LENGTH_BYTES;
  let hasNull = false;
  // By index: an iterator's results would be most of the garbage here.
  for (let index = 0; index < elements.length; index += 1) {
    const element = elements[index] as ArrayElement;
    if (element === null) hasNull = true;
    else length += isText ? textBytes(element) : fixedBytes;
  }
  const buffer = Buffer.allocUnsafe(length);
  let offset = writeHeader(buffer, type, elements.length, hasNull);
  for (let index = 0; index < elements.length; index += 1) {
    const element = elements[index] as ArrayElement;
    if (element === null) {
      offset = buffer.writeInt32BE(-1, offset);
    } else if (isText) {
      // Its length is known once it is written.
      const bytes = writeText(buffer, element, offset + LENGTH_BYTES);
      buffer.writeInt32BE(bytes, offset);
      offset += LENGTH_BYTES + bytes;
    } else {
      offset = buffer.writeInt32BE(fixedBytes, offset);
      writeElement(buffer, type, element as number | string, offset);
      offset += fixedBytes;
    }
  }
  return buffer;
}

const FIXED_BYTES: Record<ArrayElementType, number> = { int2: 2, int4: 4, int8: 8, json: 0, text: 0, uuid: 16 };

function textBytes(element: number | string | readonly Uint8Array[]): number {
  return typeof element === 'object' ? element.reduce((bytes, { length }) => bytes + length, 0) : Buffer.byteLength(element as string);
}

/** Answers how many bytes it has written. */
function writeText(buffer: Buffer, element: number | string | readonly Uint8Array[], offset: number): number {
  if (typeof element !== 'object') {
    return buffer.write(element as string, offset, 'utf8');
  }
  let end = offset;
  for (const piece of element) {
    buffer.set(piece, end);
    end += piece.length;
  }
  return end - offset;
}

/** One dimension, numbered from 1. */
function writeHeader(buffer: Buffer, type: ArrayElementType, elements: number, hasNull: boolean): number {
  let offset = buffer.writeInt32BE(1, 0);
  offset = buffer.writeInt32BE(hasNull ? 1 : 0, offset);
  offset = buffer.writeInt32BE(OID[type], offset);
  offset = buffer.writeInt32BE(elements, offset);
  return buffer.writeInt32BE(1, offset);
}

function writeElement(buffer: Buffer, type: Exclude<ArrayElementType, 'json' | 'text'>, element: number | string, offset: number): void {
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
    default: {
      const never: never = type;
      return never;
    }
  }
}

/** The text of a UUID is not of the form that this project writes. */
export class InvalidUuidError extends Error {
  override readonly name = 'InvalidUuidError';
  readonly code = 'INVALID_UUID';
  constructor(readonly text: string) {
    super(`"${text.slice(0, 100)}" is no UUID.`);
  }
}

const UUID_CHARACTERS = 36;
const HYPHEN = 0x2d;
/** Where a UUID's text has its hyphens. */
const HYPHENS = [8, 13, 18, 23];

function writeUuid(buffer: Buffer, text: string, offset: number): void {
  let byte = offset;
  let isValid = text.length === UUID_CHARACTERS;
  for (let index = 0; isValid && index < UUID_CHARACTERS; ) {
    if (HYPHENS.includes(index)) {
      isValid = text.charCodeAt(index) === HYPHEN;
      index += 1;
    } else {
      const value = (nibbleOf(text.charCodeAt(index)) << 4) | nibbleOf(text.charCodeAt(index + 1));
      isValid = value >= 0;
      buffer[byte] = value;
      byte += 1;
      index += 2;
    }
  }
  if (!isValid) {
    throw new InvalidUuidError(text);
  }
}

/** Value of a hexadecimal digit; -1 for any other character. */
function nibbleOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  // Capitals and small letters differ in one bit.
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
