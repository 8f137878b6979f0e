import type { Schedule, ScheduleEvent } from './schedule.js';

/**
 * The shortest schedule that still fails, as far as leaving events out finds it: halves first, then ever smaller parts, down to single events (delta
 * debugging). What it answers fails, and fails no more if any one of its events is left out.
 * @param fails whether a schedule fails as the first one did
 * @param triesMax how many schedules are tried at most
 */
export async function shrink(schedule: Schedule, fails: (schedule: Schedule) => Promise<boolean>, triesMax = 300): Promise<Schedule> {
  let events = schedule.events;
  let tries = 0;
  const failsWith = async (some: readonly ScheduleEvent[]): Promise<boolean> => {
    tries += 1;
    return fails({ ...schedule, events: some });
  };
  if (events.length > 0 && (await failsWith([]))) {
    return { ...schedule, events: [] };
  }
  for (let parts = 2; events.length > 1 && tries < triesMax; ) {
    const size = Math.ceil(events.length / parts);
    let kept: readonly ScheduleEvent[] | undefined;
    for (let start = 0; start < events.length && kept === undefined && tries < triesMax; start += size) {
      const rest = [...events.slice(0, start), ...events.slice(start + size)];
      kept = rest.length > 0 && (await failsWith(rest)) ? rest : undefined;
    }
    if (kept !== undefined) {
      events = kept;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) {
      break;
    } else {
      parts = Math.min(events.length, parts * 2);
    }
  }
  return { ...schedule, events };
}
