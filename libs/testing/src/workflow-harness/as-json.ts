import type { JsonValue } from '@backstitch/protocol';

/** What a value is once it has crossed a wire; `undefined` is null. */
export function asJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value) ?? 'null') as JsonValue;
}
