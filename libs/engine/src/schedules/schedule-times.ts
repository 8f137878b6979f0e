import { InvalidRequestError, type ScheduleCalendar, type ScheduleRange, type ScheduleSpec } from '@backstitch/protocol';
import { Cron } from 'croner';

/** When an action is due by the schedule, and when it is taken: later, where it is put off by a jitter. */
export interface ScheduledTime {
  nominalMs: number;
  actualMs: number;
}

/** Times to be skipped that follow each other; a schedule that skips all of them has no next one. */
const SKIPPED_MAX = 10_000;
const EVERY = /^@every\s+(\S+)$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The times of a schedule's spec. Made once for a spec; answers alike everywhere and always. */
export class ScheduleTimes {
  readonly #spec: ScheduleSpec;
  readonly #clocks: readonly Cron[];
  readonly #intervals: readonly { everyMs: number; offsetMs: number }[];
  readonly #skipped: readonly Cron[];
  readonly #jitterSeed: string;

  /** @throws InvalidRequestError for what is no time, no time zone or no expression */
  constructor(spec: ScheduleSpec, jitterSeed: string) {
    this.#spec = spec;
    this.#jitterSeed = jitterSeed;
    const timezone = spec.timezone === undefined || spec.timezone === '' ? 'UTC' : spec.timezone;
    const expressions = spec.cronExpressions ?? [];
    this.#clocks = [
      ...(spec.calendars ?? []).map((calendar, index) => clockOf(calendarPattern(calendar), timezone, `/schedule/spec/calendars/${index}`)),
      ...expressions.flatMap((text, index) => (EVERY.test(text.trim()) ? [] : [expressionClock(text, timezone, `/schedule/spec/cronExpressions/${index}`)])),
    ];
    this.#intervals = [
      ...(spec.intervals ?? []).map(({ everyMs, offsetMs = 0 }) => ({ everyMs, offsetMs })),
      ...expressions.flatMap((text, index) => (EVERY.test(text.trim()) ? [{ everyMs: everyOf(text, `/schedule/spec/cronExpressions/${index}`), offsetMs: 0 }] : [])),
    ];
    if (this.#intervals.some(({ everyMs, offsetMs }) => !(everyMs >= 1_000) || !(offsetMs >= 0))) {
      throw new InvalidRequestError('/schedule/spec/intervals', 'must be at least a second long, with an offset of 0 or more');
    }
    this.#skipped = (spec.skip ?? []).map((calendar, index) => clockOf(calendarPattern(calendar), timezone, `/schedule/spec/skip/${index}`));
  }

  /** The first time after this one; undefined: there is none any more. */
  next(afterMs: number): ScheduledTime | undefined {
    const nominalMs = this.#nextNominal(afterMs);
    if (nominalMs === undefined) {
      return undefined;
    }
    return { nominalMs, actualMs: nominalMs + this.#jitter(nominalMs) };
  }

  #nextNominal(afterMs: number): number | undefined {
    const { startAtMs, endAtMs } = this.#spec;
    let afterThisMs = Math.max(afterMs, (startAtMs ?? -Infinity) - 1);
    for (let skipped = 0; skipped < SKIPPED_MAX; skipped += 1) {
      const times = [
        ...this.#clocks.map((clock) => clock.nextRun(new Date(afterThisMs))?.getTime()),
        ...this.#intervals.map(({ everyMs, offsetMs }) => (Math.floor((afterThisMs - offsetMs) / everyMs) + 1) * everyMs + offsetMs),
      ].filter((time) => time !== undefined);
      const timeMs = Math.min(...times);
      if (!Number.isFinite(timeMs) || timeMs > (endAtMs ?? Infinity)) {
        return undefined;
      }
      if (!this.#skipped.some((clock) => clock.nextRun(new Date(timeMs - 1))?.getTime() === timeMs)) {
        return timeMs;
      }
      afterThisMs = timeMs;
    }
    return undefined;
  }

  /** By how much a time is put off: always by as much, and never beyond the next one. */
  #jitter(nominalMs: number): number {
    const { jitterMs = 0 } = this.#spec;
    if (jitterMs <= 0) {
      return 0;
    }
    const nextMs = this.#nextNominal(nominalMs) ?? Infinity;
    return Math.floor(shareOf(`${this.#jitterSeed}:${nominalMs}`) * Math.min(jitterMs, nextMs - nominalMs));
  }
}

/** From 0 to 1, evenly spread over texts, and always the same for one: FNV-1a, its bits mixed as MurmurHash3 does at its end. */
function shareOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function clockOf(pattern: string, timezone: string, where: string): Cron {
  try {
    const clock = new Cron(pattern, { timezone, domAndDow: true });
    // A time zone that nobody knows shows only when a time is asked for.
    clock.nextRun(new Date(0));
    return clock;
  } catch (error) {
    throw new InvalidRequestError(where, error instanceof Error ? error.message : 'is no time');
  }
}

/** `CRON_TZ=` and `TZ=` before an expression name its time zone; what follows `#` is a comment. */
function expressionClock(text: string, timezone: string, where: string): Cron {
  const [, zone, pattern = ''] = /^\s*(?:(?:CRON_)?TZ=(\S+)\s+)?([^#]*)/.exec(text) ?? [];
  const fields = pattern.trim().split(/\s+/);
  if (![1, 5, 6, 7].includes(fields.length)) {
    throw new InvalidRequestError(where, 'must have five to seven fields');
  }
  // Six fields are five and the year; seven begin with the seconds.
  return clockOf(fields.length === 6 ? `0 ${fields.join(' ')}` : fields.join(' '), zone ?? timezone, where);
}

function everyOf(text: string, where: string): number {
  const duration = EVERY.exec(text.trim())?.[1] ?? '';
  const parts = [...duration.matchAll(DURATION_PART)];
  if (parts.map(([part]) => part).join('') !== duration) {
    throw new InvalidRequestError(where, 'must name a duration such as @every 1h30m');
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit ?? ''] ?? 0), 0);
}

/** A calendar as seven fields: second, minute, hour, day, month, weekday, year. */
function calendarPattern({ second, minute, hour, dayOfMonth, month, dayOfWeek, year }: ScheduleCalendar): string {
  return [field(second, '0'), field(minute, '0'), field(hour, '0'), field(dayOfMonth, '*'), field(month, '*'), field(dayOfWeek, '*'), field(year, '*')].join(' ');
}

function field(ranges: readonly ScheduleRange[] | undefined, otherwise: string): string {
  if (ranges === undefined || ranges.length === 0) return otherwise;
  return ranges.map(({ start, end = start, step = 1 }) => (end <= start ? `${start}` : `${start}-${end}${step === 1 ? '' : `/${step}`}`)).join(',');
}
