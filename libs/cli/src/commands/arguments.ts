import type { JsonObject, JsonValue } from '@backstitch/protocol';
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

export function jsonObject(text: string): JsonObject {
  const value = json(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new InvalidArgumentError('It must be an object: \'{"name": …}\'.');
  return value;
}

/** One value of a repeated option, after those before it. */
export function texts(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** `name=value`, as it stands; the same name again adds a value. */
export function searchAttribute(text: string, before: Record<string, string[]> = {}): Record<string, string[]> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be NAME=VALUE.');
  const name = text.slice(0, at);
  return { ...before, [name]: [...(before[name] ?? []), text.slice(at + 1)] };
}

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number, at least 1.');
  return number;
}

/** A time as ISO 8601, in milliseconds since 1970. */
export function timeMs(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It must be a time such as 2026-03-01T00:00:00Z.');
  return ms;
}

/** Those entries that say something. */
export function defined<Entries extends object>(entries: Entries): { [Name in keyof Entries]?: Exclude<Entries[Name], undefined> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as { [Name in keyof Entries]?: Exclude<Entries[Name], undefined> };
}
