import { describe, expect, it } from '@jest/globals';
import { SearchAttributeInvalidError, SearchAttributeUnknownError, type SearchAttributeDefinitions, type SearchAttributeValue } from '@backstitch/protocol';
import { mergeSearchAttributes, validateSearchAttributes } from './search-attribute-validation.js';

const definitions: SearchAttributeDefinitions = { Keyword: 'Keyword', KeywordList: 'KeywordList', Int: 'Int', Double: 'Double', Bool: 'Bool', Datetime: 'Datetime' };

describe('search attributes', () => {
  it.each<[string, SearchAttributeValue]>([
    ['Keyword', ''],
    ['Int', -5],
    ['Double', 0.5],
    ['Bool', false],
    ['Datetime', '2026-01-01T00:00:00.000Z'],
    ['Datetime', '2026-01-01T00:00:00Z'],
  ])('given a %s of %j, when it is validated, then it passes', (attribute, value) => {
    expect(() => validateSearchAttributes({ [attribute]: [value] }, definitions)).not.toThrow();
    expect(() => validateSearchAttributes({ [attribute]: [] }, definitions)).not.toThrow();
  });

  it.each<[string, SearchAttributeValue[]]>([
    ['Keyword', [5]],
    ['Keyword', ['x'.repeat(1_001)]],
    ['Keyword', ['a', 'b']],
    ['KeywordList', ['a', 5]],
    ['KeywordList', Array.from({ length: 101 }, (_, index) => `${index}`)],
    ['Int', [0.5]],
    ['Int', [2 ** 53]],
    ['Double', [Infinity]],
    ['Bool', ['true']],
    ['Datetime', ['yesterday']],
    ['Datetime', ['2026-13-01T00:00:00Z']],
    ['Datetime', ['2026-01-01T00:00:00+01:00']],
  ])('given a %s of %j, when it is validated, then it is refused', (attribute, values) => {
    expect(() => validateSearchAttributes({ [attribute]: values }, definitions)).toThrow(SearchAttributeInvalidError);
  });

  it('given a list of keywords, when it is validated, then it may have many values', () => {
    expect(() => validateSearchAttributes({ KeywordList: ['a', 'b', 'a'] }, definitions)).not.toThrow();
  });

  it('given an attribute that nobody declared, when it is validated, then it is refused by name', () => {
    expect(() => validateSearchAttributes({ toString: ['x'] }, definitions)).toThrow(new SearchAttributeUnknownError('toString'));
  });

  it('given a change, when it is merged, then named attributes are replaced and empty ones are gone', () => {
    expect(mergeSearchAttributes({ A: ['1'], B: ['2'] }, { B: [], C: [3] })).toEqual({ A: ['1'], C: [3] });
  });
});
