/** A 64-bit word as two halves of 32 bits: [high, low]. */
type Word = [number, number];

/**
 * SipHash-1-3 (J.-P. Aumasson, D. J. Bernstein) with the key 0, as 8 bytes, most significant first. Written with 32-bit numbers: it runs once a
 * run, and BigInt is slower.
 */
export function sipHash13(bytes: Uint8Array): number[] {
  const v: [Word, Word, Word, Word] = [
    [0x736f6d65, 0x70736575],
    [0x646f7261, 0x6e646f6d],
    [0x6c796765, 0x6e657261],
    [0x74656462, 0x79746573],
  ];
  const whole = bytes.length - (bytes.length % 8);
  for (let index = 0; index < whole; index += 8) absorb(v, [littleEndian(bytes, index + 4), littleEndian(bytes, index)]);
  const rest = new Uint8Array(8);
  rest.set(bytes.subarray(whole));
  rest[7] = bytes.length & 0xff;
  absorb(v, [littleEndian(rest, 4), littleEndian(rest, 0)]);
  v[2] = [v[2][0], (v[2][1] ^ 0xff) >>> 0];
  for (let round = 0; round < 3; round++) sipRound(v);
  const [high, low] = xor(xor(v[0], v[1]), xor(v[2], v[3]));
  return [high >>> 24, (high >>> 16) & 0xff, (high >>> 8) & 0xff, high & 0xff, low >>> 24, (low >>> 16) & 0xff, (low >>> 8) & 0xff, low & 0xff];
}

function absorb(v: [Word, Word, Word, Word], word: Word): void {
  v[3] = xor(v[3], word);
  sipRound(v);
  v[0] = xor(v[0], word);
}

function sipRound(v: [Word, Word, Word, Word]): void {
  v[0] = add(v[0], v[1]);
  v[1] = xor(rotate(v[1], 13), v[0]);
  v[0] = rotate(v[0], 32);
  v[2] = add(v[2], v[3]);
  v[3] = xor(rotate(v[3], 16), v[2]);
  v[0] = add(v[0], v[3]);
  v[3] = xor(rotate(v[3], 21), v[0]);
  v[2] = add(v[2], v[1]);
  v[1] = xor(rotate(v[1], 17), v[2]);
  v[2] = rotate(v[2], 32);
}

function add([leftHigh, leftLow]: Word, [rightHigh, rightLow]: Word): Word {
  const low = leftLow + rightLow;
  return [(leftHigh + rightHigh + (low > 0xffffffff ? 1 : 0)) >>> 0, low >>> 0];
}

function xor([leftHigh, leftLow]: Word, [rightHigh, rightLow]: Word): Word {
  return [(leftHigh ^ rightHigh) >>> 0, (leftLow ^ rightLow) >>> 0];
}

/** To the left, by 1 to 32 bits. */
function rotate([high, low]: Word, bits: number): Word {
  if (bits === 32) return [low, high];
  return [((high << bits) | (low >>> (32 - bits))) >>> 0, ((low << bits) | (high >>> (32 - bits))) >>> 0];
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
}
