import { InvalidRequestError } from '@backstitch/protocol';
import type { z } from 'zod';

/** A position in a list as an opaque text. */
export function encodeCursor(position: object): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws InvalidRequestError for what {@link encodeCursor} has not made */
export function decodeCursor<T>(schema: z.ZodType<T>, cursor: string | undefined): T | undefined {
  if (cursor === undefined) {
    return undefined;
  }
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw new InvalidRequestError('/cursor', 'is not a cursor of this list');
  }
}
