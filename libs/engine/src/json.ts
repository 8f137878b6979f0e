/** A value as JSON text, with its length in bytes as UTF-8. */
export interface SizedJson {
  readonly text: string;
  readonly bytes: number;
}

export function sizedJson(value: object): SizedJson {
  const text = JSON.stringify(value);
  return { text, bytes: utf8Bytes(text) };
}

/** Length in bytes of a value as UTF-8 JSON; 0 for undefined. */
export function jsonBytes(value: unknown): number {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 0 : utf8Bytes(text);
}

/**
 * Whether a value is longer as UTF-8 JSON than so many bytes. What is far from the limit, as nearly everything is, is judged by a bound that makes no text.
 */
export function exceedsJsonBytes(value: unknown, bytesMax: number): boolean {
  return jsonBytesBound(value, bytesMax, 0) > bytesMax && jsonBytes(value) > bytesMax;
}

/** No character takes more than its escape of six bytes, no number more than this. */
const ESCAPED_CHARACTER_BYTES = 6;
const NUMBER_BYTES_MAX = 32;
const BOUND_DEPTH_MAX = 100;

/** No less than the length of the value as JSON; any number above `enough` once that is reached. */
function jsonBytesBound(value: unknown, enough: number, depth: number): number {
  if (typeof value === 'string') {
    return value.length * ESCAPED_CHARACTER_BYTES + 2;
  }
  if (typeof value !== 'object' || value === null) {
    return NUMBER_BYTES_MAX;
  }
  // What has a JSON form of its own, or is nested without end, is judged by its text.
  if (depth > BOUND_DEPTH_MAX || 'toJSON' in value) {
    return Infinity;
  }
  let bytes = 2;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && bytes <= enough; index += 1) {
      bytes += 1 + jsonBytesBound(value[index], enough - bytes, depth + 1);
    }
    return bytes;
  }
  for (const key in value) {
    if (bytes > enough) {
      break;
    }
    bytes += key.length * ESCAPED_CHARACTER_BYTES + 4 + jsonBytesBound((value as Record<string, unknown>)[key], enough - bytes, depth + 1);
  }
  return bytes;
}

const encoder = new TextEncoder();
const scratch = new Uint8Array(64 * 1024);

/** Length in bytes of a text as UTF-8. The runtime's own encoder counts ten times as fast as a loop over the text. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  let rest = text;
  while (rest !== '') {
    const { read, written } = encoder.encodeInto(rest, scratch);
    bytes += written;
    rest = read === rest.length ? '' : rest.slice(read);
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
