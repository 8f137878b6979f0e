import { describe, expect, it } from '@jest/globals';
import { ScheduleTextError } from './explorer-errors.js';
import { formatSchedule, parseSchedule, type Schedule } from './schedule.js';

describe('a schedule as text', () => {
  it('given a schedule, when it is written and read, then it is the same', () => {
    const schedule: Schedule = {
      seed: 4711,
      events: [
        { at: 'commit(charge completed, ship scheduled)#2', what: 'crash-after' },
        { at: 'charge.1@committed', what: 'send-0' },
      ],
    };
    expect(formatSchedule(schedule)).toBe('seed 4711 | commit(charge completed, ship scheduled)#2 = crash-after | charge.1@committed = send-0');
    expect(parseSchedule(formatSchedule(schedule))).toEqual(schedule);
    expect(parseSchedule('seed 3')).toEqual({ seed: 3, events: [] });
  });

  it.each(['', 'charge.1@begun = late', 'seed x', 'seed 1 | charge.1@begun', 'seed 1 | charge.1@begun = explode'])('given "%s", when it is read, then it is no schedule', (text) => {
    expect(() => parseSchedule(text)).toThrow(ScheduleTextError);
  });
});
