import type { JsonValue } from '@backstitch/protocol';
import { hash } from 'node:crypto';

/** SHA-256 over canonical JSON: keys sorted, so that the order in which a queue or a database gives them back makes no difference. */
export function inputHash(input: JsonValue): Buffer {
  return hash('sha256', canonicalJson(input), 'buffer');
}

function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as JsonValue)}`);
  return `{${members.join(',')}}`;
}
