/** Length in bytes of a value as UTF-8 JSON; 0 for undefined. */
export function jsonBytes(value: unknown): number {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 0 : utf8Bytes(text);
}

function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) {
      // Each half of a surrogate pair counts 2, which makes the 4 bytes of its character.
      bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
    }
  }
  return bytes;
}

/** Whether two values are the same JSON: the order of keys does not matter, and a key without a value is no key. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) {
    return true;
  }
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    // JSON knows no minus zero and no NaN: compare what they become.
    return JSON.stringify(left) === JSON.stringify(right);
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    return Array.isArray(left) && Array.isArray(right) && left.length === right.length && left.every((item, index) => sameJson(item, right[index]));
  }
  const leftEntries = definedEntries(left);
  const rightKeys = new Map(definedEntries(right));
  return leftEntries.length === rightKeys.size && leftEntries.every(([key, value]) => rightKeys.has(key) && sameJson(value, rightKeys.get(key)));
}

/** JSON with keys in order: the same for all values that {@link sameJson} calls the same. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = definedEntries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  return (JSON.stringify(value) as string | undefined) ?? 'null';
}

function definedEntries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, item]) => item !== undefined);
}
