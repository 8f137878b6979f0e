import type { JsonValue } from './json.js';

/** Which of several values is the largest as JSON, and how large; undefined where there is none. */
export function largestOf(values: readonly JsonValue[]): { index: number; bytes: number } | undefined {
  let largest: { index: number; bytes: number } | undefined;
  values.forEach((value, index) => {
    const bytes = bytesOf(value);
    if (largest === undefined || bytes > largest.bytes) largest = { index, bytes };
  });
  return largest;
}

/**
 * Names a list of arguments that is too large so that its sender finds the culprit: `The input of activity "ship" (argument "label", 2097160 bytes)`.
 * @param names the parameters' names, where they are known; else the argument's number, from 1
 */
export function describePayload(what: string, values: readonly JsonValue[], names: readonly string[] = []): string {
  const largest = largestOf(values);
  if (largest === undefined) return what;
  const name = names[largest.index];
  return `${what} (argument ${name === undefined ? largest.index + 1 : `"${name}"`}, ${largest.bytes} bytes)`;
}

function bytesOf(value: JsonValue): number {
  return new TextEncoder().encode(JSON.stringify(value) ?? '').length;
}
