import { describe, expect, it } from '@jest/globals';
import { parseArguments } from './arguments.mjs';

describe("the referee's arguments", () => {
  it('given none, then 500 random workflows and the suites are heard, from a seed by chance', () => {
    const parsed = parseArguments([]);
    expect(parsed).toMatchObject({ count: 500, suites: true, keep: false, shrinks: 0 });
    expect(parsed.seed).toBe(Math.floor(parsed.seed));
  });

  it('given all of them, then each is taken', () => {
    expect(parseArguments(['--seed', '7', '--count', '3', '--histories', '/h', '--no-suites', '--keep', '--shrink', '2', '--only', 'random-7'])).toEqual({
      seed: 7, count: 3, histories: '/h', suites: false, keep: true, shrinks: 2, only: 'random-7',
    });
  });

  it.each([['--seed'], ['--seed', 'x'], ['--seed', '-1'], ['--count', '1.5'], ['--histories'], ['--unknown']])('given %s, then the usage is told', (...given) => {
    expect(() => parseArguments(given)).toThrow('npm run referee');
  });
});
