import { countJsonBytes } from './json-bytes.js';
import { beginJson, endJson, writeJson } from './json-writer.js';

/** A value as UTF-8 JSON, with its length in bytes. */
export interface SizedJson {
  readonly utf8: Uint8Array;
  readonly bytes: number;
}

export function sizedJson(value: object): SizedJson {
  beginJson();
  writeJson(value);
  const utf8 = endJson();
  return { utf8, bytes: utf8.length };
}

/** Length in bytes of a value as UTF-8 JSON; 0 for undefined. */
export function jsonBytes(value: unknown): number {
  return value === undefined ? 0 : countJsonBytes(value);
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
  let more = 0;
  for (const key of Object.keys(left)) {
    const value = (left as Record<string, unknown>)[key];
    if (value === undefined) {
      continue;
    }
    // What is inherited is none of the other's.
    const other = Object.hasOwn(right, key) ? (right as Record<string, unknown>)[key] : undefined;
    if (other === undefined || !sameJson(value, other)) {
      return false;
    }
    more += 1;
  }
  for (const key of Object.keys(right)) {
    more -= (right as Record<string, unknown>)[key] === undefined ? 0 : 1;
  }
  return more === 0;
}

/** JSON with keys in order: the same for all values that {@link sameJson} calls the same. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    let items = '';
    for (const item of value) {
      items += items === '' ? canonicalJson(item) : `,${canonicalJson(item)}`;
    }
    return `[${items}]`;
  }
  if (typeof value === 'object' && value !== null) {
    let members = '';
    for (const key of Object.keys(value).sort()) {
      const item = (value as Record<string, unknown>)[key];
      if (item !== undefined) {
        const member = `${JSON.stringify(key)}:${canonicalJson(item)}`;
        members += members === '' ? member : `,${member}`;
      }
    }
    return `{${members}}`;
  }
  return (JSON.stringify(value) as string | undefined) ?? 'null';
}
