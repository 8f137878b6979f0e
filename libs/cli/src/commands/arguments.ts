import type { JsonValue } from '@backstitch/protocol';
import { InvalidArgumentError } from 'commander';

/** One JSON value of a repeated option, after those before it. */
export function jsonInputs(text: string, before: JsonValue[] = []): JsonValue[] {
  return [...before, json(text)];
}

export function json(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new InvalidArgumentError(`It is no JSON. A text needs its quotes: '"${text.replaceAll('"', '')}"'.`);
  }
}

/** `name=value`, the value as JSON if it is JSON, else as it stands. */
export function searchAttribute(text: string, before: Record<string, JsonValue[]> = {}): Record<string, JsonValue[]> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be NAME=VALUE.');
  const value = text.slice(at + 1);
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(value) as JsonValue;
  } catch {
    parsed = value;
  }
  return { ...before, [text.slice(0, at)]: Array.isArray(parsed) ? parsed : [parsed] };
}
