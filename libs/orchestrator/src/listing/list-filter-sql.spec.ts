import { describe, expect, it } from '@jest/globals';
import { parseListFilter } from '@backstitch/engine/list-filter';
import { ListFilterInvalidError } from '@backstitch/protocol';
import { listFilterSql } from './list-filter-sql.js';

const DEFINITIONS = { CustomerId: 'Keyword', Amount: 'Int', Rush: 'Bool', Weight: 'Double', DueAt: 'Datetime', Tags: 'KeywordList' } as const;

describe('a list filter as SQL', () => {
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
    ["TemporalWorkflowVersioningBehavior = 'Floating'", 37, /'Pinned', 'AutoUpgrade'/],
    ["Amount STARTS_WITH '1'", 0, /Keyword/],
    ['CustomerId STARTS_WITH 1', 23, /text/],
    ["constructor = 'x'", 0, /known here/],
    ["Tags > 'a'", 0, /no KeywordList/],
    ["Tags BETWEEN 'a' AND 'b'", 0, /no KeywordList/],
    ["Tags STARTS_WITH 'a'", 0, /Keyword/],
    ['Tags = 1', 7, /text/],
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
