import { describe, expect, it } from '@jest/globals';
import { printReport, shortened } from './report.mjs';

const GIVEN = { workflowId: 'w', path: '/h.json', bundlePath: '/b.js' };
const LEFT = { notPlayable: 0, notBegun: 0, beyond: 0, beyondMax: 0 };

function report(verdicts: [string, string | undefined][], problems: string[] = []): { isClean: boolean; lines: string[] } {
  const lines: string[] = [];
  const groups = [{ name: 'random workflows', cases: [{ ...GIVEN, id: 'a', eventTypes: ['TIMER_FIRED'] }, { ...GIVEN, id: 'b', eventTypes: ['TIMER_FIRED'] }] }];
  const controls = [{ ...GIVEN, id: 'c', control: 'dropped timer' }];
  const given = new Map(verdicts.map(([id, error]) => [id, { id, error }]));
  const isClean = printReport({ seed: 7, groups, controls, verdicts: given, problems, left: LEFT, durationMs: 1_000 }, (line) => lines.push(line));
  return { isClean, lines };
}

describe("the referee's report", () => {
  it('given that all histories are accepted and all controls rejected, then it is clean, and tells the seed', () => {
    const { isClean, lines } = report([['a', undefined], ['b', undefined], ['c', 'no']]);
    expect(isClean).toBe(true);
    expect(lines.at(-1)).toContain('ok: 2 of 2 histories accepted, 1 of 1 controls rejected (seed 7');
  });

  it.each<[string, [string, string | undefined][], string]>([
    ['a history is rejected', [['a', 'its words'], ['b', undefined], ['c', 'no']], 'its words'],
    ['a history has no answer', [['a', undefined], ['c', 'no']], 'REJECTED b'],
    ['a control is accepted', [['a', undefined], ['b', undefined], ['c', undefined]], 'NOT NOTICED c'],
  ])('given that %s, then it is not, and the case is named', (_, verdicts, expected) => {
    const { isClean, lines } = report(verdicts);
    expect(isClean).toBe(false);
    expect(lines.join('\n')).toContain(expected);
  });

  it('given a run that did not come to its end, then it is not clean', () => {
    expect(report([['a', undefined], ['b', undefined], ['c', 'no']], ['random-9: an incident']).isClean).toBe(false);
  });

  it("given the core's words in a long message, then these are what is shown", () => {
    expect(shortened('Replay failed. Details: Failure { message: "[TMPRL1100] Nondeterminism error: x", source: "" }')).toBe('[TMPRL1100] Nondeterminism error: x');
  });
});
