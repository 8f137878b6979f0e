import type { SearchAttributes as JsonSearchAttributes, SearchAttributeValue as JsonValue } from '@backstitch/protocol';
import {
  TypedSearchAttributes,
  type SearchAttributePair,
  type SearchAttributes,
  type SearchAttributeUpdatePair,
  type SearchAttributeValueOrReadonly,
} from './typed-search-attributes.js';

/** Search attributes in either form, or both, as they are recorded: arrays of JSON, `[]` where one is removed. @throws TypeError for a value that is no array */
export function searchAttributesToJson(untyped: SearchAttributes | undefined, typed?: readonly SearchAttributeUpdatePair[] | TypedSearchAttributes): JsonSearchAttributes {
  const json: JsonSearchAttributes = {};
  for (const [name, values] of Object.entries(untyped ?? {})) {
    if (values != null && !Array.isArray(values)) throw new TypeError(`Search attribute ${name} must be an array or undefined, not ${String(values)}.`);
    json[name] = [...(values ?? [])].map(jsonOf);
  }
  const pairs = typed instanceof TypedSearchAttributes ? typed.getAll() : (typed ?? []);
  for (const { key, value } of pairs) json[key.name] = value === null ? [] : [value].flat().map(jsonOf);
  return json;
}

function jsonOf(value: string | number | boolean | Date): JsonValue {
  return value instanceof Date ? value.toISOString() : value;
}

/** Recorded search attributes by typed keys, as far as their values tell the types. */
export function typedSearchAttributesOf(json: JsonSearchAttributes): TypedSearchAttributes {
  return new TypedSearchAttributes(
    Object.entries(json).flatMap(([name, values]) => {
      const key = TypedSearchAttributes.getKeyFromUntyped(name, values as SearchAttributeValueOrReadonly);
      if (key === undefined || values.length === 0) return [];
      const [only] = values;
      const value = values.length > 1 ? values : key.type === 'DATETIME' ? new Date(only as string) : only;
      return [{ key, value } as SearchAttributePair];
    }),
  );
}
