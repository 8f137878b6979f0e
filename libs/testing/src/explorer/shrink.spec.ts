import { describe, expect, it } from '@jest/globals';
import { SeededIds } from '../seeded-ids.js';
import type { ScheduleEvent } from './schedule.js';
import { shrink } from './shrink.js';

const events = (count: number): ScheduleEvent[] => Array.from({ length: count }, (_, index) => ({ at: `p${index}`, what: 'late' }));

describe('shrinking', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('given a failure that needs some of the events (seed %i), when it is shrunk, then just these are left, in their order', async (seed) => {
    const random = new SeededIds(seed);
    const all = events(1 + Math.floor(random.random() * 12));
    const needed = all.filter(() => random.random() < 0.3);
    const fails = async (schedule: { events: readonly ScheduleEvent[] }): Promise<boolean> => needed.every((event) => schedule.events.includes(event));
    expect(await shrink({ seed, events: all }, fails)).toEqual({ seed, events: needed });
  });

  it('given either of two events that suffice, when it is shrunk, then one is left', async () => {
    const { events: left } = await shrink({ seed: 1, events: events(6) }, async (schedule) => schedule.events.some(({ at }) => at === 'p1' || at === 'p4'));
    expect(left).toHaveLength(1);
  });

  it('given few tries, when it is shrunk, then it ends with what fails', async () => {
    let tries = 0;
    const needed = events(12).filter((_, index) => index % 2 === 0);
    const { events: left } = await shrink({ seed: 1, events: events(12) }, async (schedule) => ((tries += 1), needed.every(({ at }) => schedule.events.some((event) => event.at === at))), 5);
    expect(tries).toBeLessThanOrEqual(6);
    expect(left.length).toBeGreaterThanOrEqual(needed.length);
  });
});
