/** Gives numbers in [0, 1), the same from the same seed. */
export interface RandomSource {
  next(): number;
}

/** A random UUID (version 4): four numbers of 32 bits from the source, version and variant put in. */
export function uuid4From(source: RandomSource): string {
  let hex = '';
  for (let word = 0; word < 4; word++) hex += ((source.next() * 0x100000000) >>> 0).toString(16).padStart(8, '0');
  const variant = ((parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Fills the array with random bytes, one number each. */
export function fillFrom(source: RandomSource, bytes: Uint8Array): Uint8Array {
  for (let index = 0; index < bytes.length; index++) bytes[index] = Math.floor(source.next() * 0x100);
  return bytes;
}
