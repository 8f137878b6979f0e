import { describe, expect, it } from '@jest/globals';
import { CronExpressionError, nextCronTimeMs } from './cron.js';

const AFTER = Date.UTC(2026, 0, 1, 12, 34, 56);

function next(expression: string, afterMs = AFTER): string {
  const found = nextCronTimeMs(expression, afterMs);
  return found === undefined ? 'never' : new Date(found).toISOString();
}

describe('nextCronTimeMs', () => {
  it.each([
    ['* * * * *', '2026-01-01T12:35:00.000Z'],
    ['*/15 * * * *', '2026-01-01T12:45:00.000Z'],
    ['30 9 * * *', '2026-01-02T09:30:00.000Z'],
    ['0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
    ['0 12 * * mon-fri', '2026-01-02T12:00:00.000Z'],
    ['0 12 * * 7', '2026-01-04T12:00:00.000Z'],
    ['0 0 13 * 5', '2026-01-02T00:00:00.000Z'],
    ['5,1 8-10/2 1 jan,mar *', '2026-03-01T08:01:00.000Z'],
    ['@daily', '2026-01-02T00:00:00.000Z'],
    ['@every 90s', '2026-01-01T12:36:00.000Z'],
    ['CRON_TZ=Europe/Berlin 0 9 * * *', '2026-01-02T08:00:00.000Z'],
    ['0 0 31 2 *', 'never'],
  ])('given "%s", when the next time is asked for, then it is %s', (expression, expected) => {
    expect(next(expression)).toBe(expected);
  });

  it('given clocks that are put forward, when a time is left out, then its day is; put back, it comes once', () => {
    const berlin = 'CRON_TZ=Europe/Berlin 30 2 * * *';
    expect(next(berlin, Date.UTC(2026, 2, 28, 12))).toBe('2026-03-30T00:30:00.000Z');
    expect(next(berlin, Date.UTC(2026, 9, 24, 12))).toBe('2026-10-25T00:30:00.000Z');
    expect(next(berlin, Date.UTC(2026, 9, 25, 0, 30))).toBe('2026-10-26T01:30:00.000Z');
  });

  it.each(['', '* * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '*/0 * * * *', '5-1 * * * *', 'x * * * *', 'CRON_TZ=Nowhere/City * * * * *', '@every 0s'])(
    'given "%s", when it is read, then it is refused',
    (expression) => {
      expect(() => nextCronTimeMs(expression, AFTER)).toThrow(CronExpressionError);
    },
  );
});
