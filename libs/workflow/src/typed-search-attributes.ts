/** Types of search attributes, by Temporal's names in capitals. */
export const SearchAttributeType = {
  TEXT: 'TEXT',
  KEYWORD: 'KEYWORD',
  INT: 'INT',
  DOUBLE: 'DOUBLE',
  BOOL: 'BOOL',
  DATETIME: 'DATETIME',
  KEYWORD_LIST: 'KEYWORD_LIST',
} as const;
export type SearchAttributeType = (typeof SearchAttributeType)[keyof typeof SearchAttributeType];

interface ValueOfType {
  TEXT: string;
  KEYWORD: string;
  INT: number;
  DOUBLE: number;
  BOOL: boolean;
  DATETIME: Date;
  KEYWORD_LIST: string[];
}

/** The values of one attribute in the older, untyped form. */
export type SearchAttributeValue = string[] | number[] | boolean[] | Date[];
export type SearchAttributeValueOrReadonly = SearchAttributeValue | Readonly<SearchAttributeValue> | undefined;
/** Search attributes in the older, untyped form: each an array; `[]` removes one. */
export type SearchAttributes = Record<string, SearchAttributeValueOrReadonly>;

/** Names an attribute and its type. Made by `defineSearchAttributeKey`. */
export interface SearchAttributeKey<T extends SearchAttributeType> {
  name: string;
  type: T;
}

/** Names an attribute and its type. */
export function defineSearchAttributeKey<T extends SearchAttributeType>(name: string, type: T): SearchAttributeKey<T> {
  return { name, type };
}

/** An attribute with its value. */
export type SearchAttributePair = { [T in SearchAttributeType]: { key: SearchAttributeKey<T>; value: ValueOfType[T] } }[SearchAttributeType];
/** An attribute with its new value; `null` removes it. */
export type SearchAttributeUpdatePair = { [T in SearchAttributeType]: { key: SearchAttributeKey<T>; value: ValueOfType[T] | null } }[SearchAttributeType];

/** Search attributes by typed keys. Never changes; `updateCopy` makes another. */
export class TypedSearchAttributes {
  readonly #values = new Map<string, { type: SearchAttributeType; value: unknown }>();

  /** @throws Error for a key that is there twice */
  constructor(initialAttributes: readonly SearchAttributePair[] = []) {
    for (const { key, value } of initialAttributes) {
      if (this.#values.has(key.name)) throw new Error(`Duplicate search attribute key: ${key.name}`);
      this.#values.set(key.name, { type: key.type, value });
    }
  }

  /** The attribute's value; undefined if there is none, or none of that type. */
  get<T extends SearchAttributeType>(key: SearchAttributeKey<T>): ValueOfType[T] | undefined {
    const found = this.#values.get(key.name);
    return found !== undefined && isOfType(key.type, found.value) ? (found.value as ValueOfType[T]) : undefined;
  }

  getAll(): SearchAttributePair[] {
    return [...this.#values].map(([name, { type, value }]) => ({ key: { name, type }, value }) as SearchAttributePair).filter(({ key, value }) => isOfType(key.type, value));
  }

  copy(): TypedSearchAttributes {
    return new TypedSearchAttributes(this.getAll().map(({ key, value }) => ({ key, value: copyOf(value) }) as SearchAttributePair));
  }

  /** These attributes with changes; a removal counts only for a key of the attribute's own type. */
  updateCopy(updates: readonly SearchAttributeUpdatePair[]): TypedSearchAttributes {
    const copy = this.copy();
    for (const { key, value } of updates) {
      if (value !== null) copy.#values.set(key.name, { type: key.type, value });
      else if (copy.#values.get(key.name)?.type === key.type) copy.#values.delete(key.name);
    }
    return copy;
  }

  toJSON(): SearchAttributePair[] {
    return this.getAll();
  }

  /** The key that fits an untyped value; undefined where none does. Text may also be a keyword: its type is told as TEXT. */
  static getKeyFromUntyped(name: string, value: SearchAttributeValueOrReadonly): SearchAttributeKey<SearchAttributeType> | undefined {
    const type = value == null ? undefined : typeOf(value.length === 1 ? value[0] : value);
    return type === undefined ? undefined : { name, type };
  }
}

function isOfType(type: SearchAttributeType, value: unknown): boolean {
  switch (type) {
    case 'TEXT':
    case 'KEYWORD':
      return typeof value === 'string';
    case 'INT':
      return Number.isInteger(value);
    case 'DOUBLE':
      return typeof value === 'number';
    case 'BOOL':
      return typeof value === 'boolean';
    case 'DATETIME':
      return value instanceof Date;
    case 'KEYWORD_LIST':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    default:
      return false;
  }
}

const ISO_INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

function typeOf(value: unknown): SearchAttributeType | undefined {
  if (typeof value === 'string') return ISO_INSTANT.test(value) && !Number.isNaN(Date.parse(value)) ? 'DATETIME' : 'TEXT';
  if (typeof value === 'number') return Number.isInteger(value) ? 'INT' : 'DOUBLE';
  if (typeof value === 'boolean') return 'BOOL';
  if (value instanceof Date) return 'DATETIME';
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? 'KEYWORD_LIST' : undefined;
}

function copyOf(value: SearchAttributePair['value']): SearchAttributePair['value'] {
  if (value instanceof Date) return new Date(value.getTime());
  return Array.isArray(value) ? [...value] : value;
}
