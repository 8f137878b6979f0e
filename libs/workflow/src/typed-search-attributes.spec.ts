import { describe, expect, it } from '@jest/globals';
import { searchAttributesToJson, typedSearchAttributesOf } from './search-attribute-values.js';
import { defineSearchAttributeKey, TypedSearchAttributes } from './typed-search-attributes.js';

const name = defineSearchAttributeKey('Name', 'KEYWORD');
const tags = defineSearchAttributeKey('Tags', 'KEYWORD_LIST');
const count = defineSearchAttributeKey('Count', 'INT');
const due = defineSearchAttributeKey('Due', 'DATETIME');

describe('typed search attributes', () => {
  it('given pairs, when they are asked for, then each is found by its key, and by none of another type', () => {
    const attributes = new TypedSearchAttributes([{ key: name, value: 'a' }, { key: tags, value: ['x', 'y'] }]);
    expect([attributes.get(name), attributes.get(tags), attributes.get(count), attributes.get(defineSearchAttributeKey('Name', 'INT'))]).toEqual(['a', ['x', 'y'], undefined, undefined]);
    expect(() => new TypedSearchAttributes([{ key: name, value: 'a' }, { key: name, value: 'b' }])).toThrow(/Duplicate search attribute key: Name/);
  });

  it('given updates, when a copy is made with them, then the original stays, and a removal counts for the same type only', () => {
    const before = new TypedSearchAttributes([{ key: name, value: 'a' }, { key: count, value: 1 }]);
    const after = before.updateCopy([{ key: name, value: null }, { key: defineSearchAttributeKey('Count', 'DOUBLE'), value: null }, { key: due, value: new Date(0) }]);
    expect(after.getAll()).toEqual([{ key: count, value: 1 }, { key: due, value: new Date(0) }]);
    expect(before.get(name)).toBe('a');
  });

  it('given either form, when it is recorded and read again, then values and types are told as far as they show', () => {
    const json = searchAttributesToJson({ Gone: [], Old: ['x'], Left: undefined }, [{ key: due, value: new Date(5) }, { key: tags, value: ['a', 'b'] }, { key: count, value: null }]);
    expect(json).toEqual({ Gone: [], Old: ['x'], Left: [], Due: ['1970-01-01T00:00:00.005Z'], Tags: ['a', 'b'], Count: [] });
    const typed = typedSearchAttributesOf(json);
    expect([typed.get(due), typed.get(tags), typed.get(defineSearchAttributeKey('Old', 'KEYWORD')), typed.get(count)]).toEqual([new Date(5), ['a', 'b'], 'x', undefined]);
    expect(() => searchAttributesToJson({ Bad: 'text' as never })).toThrow(/Bad must be an array/);
  });
});
