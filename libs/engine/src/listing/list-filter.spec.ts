import { describe, expect, it } from '@jest/globals';
import { ListFilterInvalidError } from '@backstitch/protocol';
import { parseListFilter } from './parse-list-filter.js';

describe('a list filter', () => {
  it('given conditions with AND, OR, NOT and parentheses, when it is read, then AND binds stronger than OR, and NOT strongest', () => {
    const compare = (name: string, position: number, value: unknown, at: number) => ({ type: 'compare', attribute: { name, position }, operator: '=', value: { value, position: at } });
    expect(parseListFilter(`A = 1 OR NOT B = 'x' AND (C = true or D = "y")`)).toEqual({
      condition: {
        type: 'or',
        parts: [
          compare('A', 0, 1, 4),
          {
            type: 'and',
            parts: [
              { type: 'not', part: compare('B', 13, 'x', 17) },
              { type: 'or', parts: [compare('C', 26, true, 30), compare('D', 38, 'y', 42)] },
            ],
          },
        ],
      },
    });
  });

  it.each([
    [`WorkflowType = 'it''s'`, { value: "it's" }],
    [`WorkflowType = 'a\\'b\\\\'`, { value: "a'b\\" }],
    ['WorkflowType = "say ""so"""', { value: 'say "so"' }],
    ['Amount = -1.5e2', { value: -150 }],
    ['`Amount` = false', { value: false }],
  ])('given %s, when it is read, then its value is %j', (text, value) => {
    expect(parseListFilter(text).condition).toMatchObject({ type: 'compare', value });
  });

  it('given every kind of comparison, when it is read, then it is told apart', () => {
    const kinds = ['A IN (1, 2)', 'A NOT IN (1)', 'A BETWEEN 1 AND 2', "A STARTS_WITH 'x'", "A NOT STARTS_WITH 'x'", 'A IS NULL', 'A IS NOT NULL', 'A <> 1'];
    expect(kinds.map((text) => parseListFilter(text).condition?.type)).toEqual(['in', 'not', 'between', 'startsWith', 'not', 'isNull', 'not', 'compare']);
    expect(parseListFilter('')).toEqual({});
    expect(parseListFilter('GROUP BY ExecutionStatus')).toMatchObject({ groupBy: { name: 'ExecutionStatus' } });
    expect(parseListFilter('A = 1 order by StartTime desc')).toMatchObject({ orderBy: { name: 'StartTime', direction: 'desc' } });
    expect(parseListFilter('Order = 1 AND Android = 2').condition).toMatchObject({ parts: [{ attribute: { name: 'Order' } }, { attribute: { name: 'Android' } }] });
  });

  it.each<[string, number, RegExp]>([
    ['WorkflowType =', 14, /text in quotes/],
    ['WorkflowType', 12, /operator.*IS.*IN/],
    ["= 'x'", 0, /attribute|AND, OR/],
    ["A = 'x' B = 1", 8, /AND, OR/],
    ["(A = 'x'", 8, /\)/],
    ['A IN ()', 6, /text in quotes/],
    ['A BETWEEN 1 OR 2', 12, /AND/],
    ["A = 'open", 4, /text in quotes/],
    ['A = 1; DROP TABLE execution', 5, /./],
    ['A IS 1', 5, /NULL/],
  ])('given %j, when it is read, then the error names position %d and what was expected', (text, position, expected) => {
    const thrown = errorOf(() => parseListFilter(text));
    expect(thrown).toBeInstanceOf(ListFilterInvalidError);
    expect({ position: (thrown as ListFilterInvalidError).position, expected: (thrown as ListFilterInvalidError).expected }).toEqual({ position, expected: expect.stringMatching(expected) });
  });
});

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
