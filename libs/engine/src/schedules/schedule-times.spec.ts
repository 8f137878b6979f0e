import { describe, expect, it } from '@jest/globals';
import { InvalidRequestError, type ScheduleSpec } from '@backstitch/protocol';
import { ScheduleTimes } from './schedule-times.js';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

function timesOf(spec: ScheduleSpec, count = 3, afterMs = START): string[] {
  const times = new ScheduleTimes(spec, 'seed');
  const found: string[] = [];
  for (let next = times.next(afterMs); next !== undefined && found.length < count; next = times.next(next.nominalMs)) found.push(new Date(next.nominalMs).toISOString());
  return found;
}

describe('the times of a schedule', () => {
  it.each<[string, ScheduleSpec, string[]]>([
    ['intervals, counted from the epoch', { intervals: [{ everyMs: 3_600_000, offsetMs: 300_000 }] }, ['2026-01-01T00:05:00.000Z', '2026-01-01T01:05:00.000Z', '2026-01-01T02:05:00.000Z']],
    ['a cron expression', { cronExpressions: ['30 8 * * *'] }, ['2026-01-01T08:30:00.000Z', '2026-01-02T08:30:00.000Z', '2026-01-03T08:30:00.000Z']],
    ['an expression with a time zone', { cronExpressions: ['CRON_TZ=America/New_York 0 8 * * *'] }, ['2026-01-01T13:00:00.000Z', '2026-01-02T13:00:00.000Z', '2026-01-03T13:00:00.000Z']],
    ['days that must be both', { cronExpressions: ['0 0 1 * 1'] }, ['2026-06-01T00:00:00.000Z', '2027-02-01T00:00:00.000Z', '2027-03-01T00:00:00.000Z']],
    ['a macro and an interval in words', { cronExpressions: ['@daily', '@every 12h'] }, ['2026-01-01T12:00:00.000Z', '2026-01-02T00:00:00.000Z', '2026-01-02T12:00:00.000Z']],
    ['a calendar', { calendars: [{ hour: [{ start: 8, end: 10, step: 2 }], dayOfWeek: [{ start: 1 }] }] }, ['2026-01-05T08:00:00.000Z', '2026-01-05T10:00:00.000Z', '2026-01-12T08:00:00.000Z']],
    ['one moment', { calendars: [{ year: [{ start: 2027 }], month: [{ start: 2 }], dayOfMonth: [{ start: 3 }], hour: [{ start: 9 }] }] }, ['2027-02-03T09:00:00.000Z']],
    ['times to be skipped', { intervals: [{ everyMs: 86_400_000 }], skip: [{ dayOfMonth: [{ start: 2 }] }] }, ['2026-01-03T00:00:00.000Z', '2026-01-04T00:00:00.000Z', '2026-01-05T00:00:00.000Z']],
    ['a beginning and an end', { intervals: [{ everyMs: 86_400_000 }], startAtMs: Date.UTC(2026, 1, 1), endAtMs: Date.UTC(2026, 1, 2) }, ['2026-02-01T00:00:00.000Z', '2026-02-02T00:00:00.000Z']],
    ['a clock that is put forward', { cronExpressions: ['0 2 * * *'], timezone: 'Europe/Berlin', startAtMs: Date.UTC(2026, 2, 28, 12) }, ['2026-03-30T00:00:00.000Z', '2026-03-31T00:00:00.000Z']],
    ['nothing', {}, []],
  ])('given %s, when times are asked for, then they are these', (_, spec, expected) => {
    const found = timesOf(spec);
    // A local time that does not exist may be taken just after it; what follows is what counts.
    expect(spec.timezone === 'Europe/Berlin' ? found.slice(1) : found).toEqual(expected);
  });

  it('given a jitter, when times are asked for again, then each is put off by as much as before, and never beyond the next', () => {
    const spec = { intervals: [{ everyMs: MINUTE }], jitterMs: 10 * MINUTE };
    const delays = Array.from({ length: 20 }, (_, index) => {
      const [one, other] = [new ScheduleTimes(spec, 'a').next(START + index * MINUTE), new ScheduleTimes(spec, 'a').next(START + index * MINUTE)];
      expect(one).toEqual(other);
      return (one?.actualMs ?? 0) - (one?.nominalMs ?? 0);
    });
    expect(Math.max(...delays)).toBeLessThan(MINUTE);
    expect(new Set(delays).size).toBeGreaterThan(10);
  });

  it.each<ScheduleSpec>([
    { cronExpressions: ['99 * * * *'] },
    { cronExpressions: ['* *'] },
    { cronExpressions: ['@every soon'] },
    { intervals: [{ everyMs: 10 }] },
    { calendars: [{ hour: [{ start: 25 }] }] },
    { cronExpressions: ['0 0 * * *'], timezone: 'Middle/Earth' },
  ])('given %j, when it is read, then it is refused', (spec) => {
    expect(() => new ScheduleTimes(spec, 'seed')).toThrow(InvalidRequestError);
  });
});
