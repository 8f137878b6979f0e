const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Bytes as base64. No host function is needed, so it works in the sandbox. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const [first, second, third] = [bytes[index] as number, bytes[index + 1], bytes[index + 2]];
    const bits = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    text += `${ALPHABET.charAt(bits >> 18)}${ALPHABET.charAt((bits >> 12) & 63)}`;
    text += `${second === undefined ? '=' : ALPHABET.charAt((bits >> 6) & 63)}${third === undefined ? '=' : ALPHABET.charAt(bits & 63)}`;
  }
  return text;
}

/** What {@link toBase64} made, as bytes. */
export function fromBase64(text: string): Uint8Array {
  const digits = text.replace(/=+$/, '');
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  for (let index = 0, at = 0; index < digits.length; index += 4) {
    let bits = 0;
    for (let digit = 0; digit < 4; digit += 1) bits = (bits << 6) | Math.max(0, ALPHABET.indexOf(digits.charAt(index + digit) || 'A'));
    for (let shift = 16; shift >= 0 && at < bytes.length; shift -= 8) bytes[at++] = (bits >> shift) & 255;
  }
  return bytes;
}
