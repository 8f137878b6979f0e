import { createHash, randomUUID } from 'node:crypto';

/**
 * The same id for the same parts, always: the first 128 bits of their SHA-256, written as a UUID of version 8.
 * Parts are framed, so that no two lists of parts run together.
 */
export function deterministicId(...parts: string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export function randomId(): string {
  return randomUUID();
}
