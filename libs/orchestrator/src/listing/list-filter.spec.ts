import { describe, expect, it } from '@jest/globals';
import { ListFilterInvalidError } from '@backstitch/protocol';
import { listFilterSql } from './list-filter-sql.js';
import { parseListFilter } from './parse-list-filter.js';

const DEFINITIONS = { CustomerId: 'Keyword', Amount: 'Int', Rush: 'Bool', Weight: 'Double', DueAt: 'Datetime' } as const;

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

  it.each<[string, number, RegExp]>([
    ["Nobody = 'x'", 0, /known here: CustomerId/],
    ['CustomerId = 1', 13, /text/],
    ["Amount = 'x'", 9, /whole number/],
    ['Amount = 1.5', 9, /whole number/],
    ['Rush = 1', 7, /true or false/],
    ["DueAt = 'soon'", 8, /time/],
    ["StartTime > 'soon'", 12, /time/],
    ["ExecutionStatus = 'Resting'", 18, /'Running'/],
    ["ExecutionDuration > 'long'", 20, /duration/],
    ["Amount STARTS_WITH '1'", 0, /Keyword/],
    ['CustomerId STARTS_WITH 1', 23, /text/],
    ["constructor = 'x'", 0, /known here/],
  ])('given %j, which does not fit its attribute, when it is made SQL, then the error names position %d and what was expected', (text, position, expected) => {
    const thrown = errorOf(() => listFilterSql(parseListFilter(text).condition, DEFINITIONS));
    expect(thrown).toBeInstanceOf(ListFilterInvalidError);
    expect({ position: (thrown as ListFilterInvalidError).position, expected: (thrown as ListFilterInvalidError).expected }).toEqual({ position, expected: expect.stringMatching(expected) });
  });

  it('given values that look like SQL, when it is made SQL, then they are parameters', () => {
    const { text, values } = listFilterSql(parseListFilter(`CustomerId = 'x'') OR true --' AND WorkflowId IN ('a', 'b')`).condition, DEFINITIONS, 3);
    expect(values).toEqual([`"x') OR true --"`, 'a', 'b']);
    expect(text).not.toContain('--');
    expect(text).toContain('$3::jsonb');
    expect(text).toContain('$5::text');
  });

  it.each([
    ["ExecutionDuration > '1h30m'", 5_400_000],
    ["ExecutionDuration > '00:01:30'", 90_000],
    ['ExecutionDuration > 2000000000', 2_000],
    ["StartTime > '2026-01-01T00:00:00Z'", Date.UTC(2026, 0, 1)],
    ["StartTime > '2026-01-01T01:00:00+01:00'", Date.UTC(2026, 0, 1)],
  ])('given %s, when it is made SQL, then the parameter is %d ms', (text, value) => {
    expect(listFilterSql(parseListFilter(text).condition, DEFINITIONS).values).toEqual([value]);
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
