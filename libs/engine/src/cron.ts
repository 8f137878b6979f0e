/** A cron expression that cannot be read. */
export class CronExpressionError extends Error {
  override readonly name = 'CronExpressionError';
  readonly code = 'CRON_EXPRESSION_INVALID';
  constructor(
    readonly expression: string,
    reason: string,
  ) {
    super(`Cron expression "${expression}": ${reason}`);
  }
}

interface Schedule {
  timeZone: string;
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  weekdays: ReadonlySet<number>;
  /** A day must fit both fields only if one of them is `*`: as cron has always done it. */
  eitherDay: boolean;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** February 29 comes at least every eight years. */
const DAYS_MAX = 8 * 366 + 1;
const NAMES = {
  months: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  weekdays: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
};
const MACROS: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * The first time after `afterMs` that a cron expression names: five fields (minute, hour, day of month, month, day of week), a macro such as `@daily`, or `@every 90s`; in UTC unless
 * `CRON_TZ=Area/City` stands before them. Undefined if there is none.
 * @throws CronExpressionError
 */
export function nextCronTimeMs(expression: string, afterMs: number): number | undefined {
  const every = /^@every\s+(\d+)(s|m|h|d)$/.exec(expression.trim());
  if (every !== null) {
    const everyMs = Number(every[1]) * { s: 1_000, m: MINUTE_MS, h: 60 * MINUTE_MS, d: DAY_MS }[every[2] as 's' | 'm' | 'h' | 'd'];
    if (everyMs === 0) {
      throw new CronExpressionError(expression, 'the interval must not be 0');
    }
    return (Math.floor(afterMs / everyMs) + 1) * everyMs;
  }
  const schedule = parse(expression);
  let dayMs = Math.floor(localMs(afterMs, schedule.timeZone) / DAY_MS) * DAY_MS;
  for (let day = 0; day < DAYS_MAX; day += 1, dayMs += DAY_MS) {
    if (fitsDay(schedule, new Date(dayMs))) {
      const found = firstOfDay(schedule, dayMs, afterMs);
      if (found !== undefined) {
        return found;
      }
    }
  }
  return undefined;
}

/** The first fitting minute of a local day after a moment; a local time that daylight saving leaves out does not come. */
function firstOfDay({ hours, minutes, timeZone }: Schedule, dayMs: number, afterMs: number): number | undefined {
  for (const hour of hours) {
    for (const minute of minutes) {
      const wantedMs = dayMs + (hour * 60 + minute) * MINUTE_MS;
      const atMs = fromLocalMs(wantedMs, timeZone);
      if (atMs !== undefined && atMs > afterMs) {
        return atMs;
      }
    }
  }
  return undefined;
}

function fitsDay({ days, months, weekdays, eitherDay }: Schedule, day: Date): boolean {
  const fitsDate = days.has(day.getUTCDate());
  const fitsWeekday = weekdays.has(day.getUTCDay());
  return months.has(day.getUTCMonth() + 1) && (eitherDay ? fitsDate || fitsWeekday : fitsDate && fitsWeekday);
}

function parse(expression: string): Schedule {
  const zoned = /^(?:CRON_TZ|TZ)=(\S+)\s+(.*)$/.exec(expression.trim());
  const timeZone = zoned?.[1] ?? 'UTC';
  const text = (zoned?.[2] ?? expression).trim();
  const fields = (MACROS[text] ?? text).split(/\s+/);
  const [minute, hour, day, month, weekday] = fields;
  if (fields.length !== 5 || minute === undefined || hour === undefined || day === undefined || month === undefined || weekday === undefined) {
    throw new CronExpressionError(expression, 'five fields are expected');
  }
  try {
    formatterOf(timeZone);
  } catch {
    throw new CronExpressionError(expression, `there is no time zone "${timeZone}"`);
  }
  const field = (name: string, part: string, min: number, max: number, names: readonly string[] = []): ReadonlySet<number> =>
    valuesOf(part, min, max, names, (reason) => new CronExpressionError(expression, `${name}: ${reason}`));
  const weekdays = [...field('day of week', weekday, 0, 7, NAMES.weekdays)].map((value) => value % 7);
  return {
    timeZone,
    minutes: field('minute', minute, 0, 59),
    hours: field('hour', hour, 0, 23),
    days: field('day of month', day, 1, 31),
    months: field('month', month, 1, 12, NAMES.months),
    weekdays: new Set(weekdays),
    eitherDay: !/^[*?]/.test(day) && !/^[*?]/.test(weekday),
  };
}

function valuesOf(part: string, min: number, max: number, names: readonly string[], error: (reason: string) => CronExpressionError): ReadonlySet<number> {
  const values = new Set<number>();
  const read = (text: string): number => {
    const named = names.indexOf(text.toLowerCase());
    const value = named === -1 ? (/^\d+$/.test(text) ? Number(text) : NaN) : named + (min === 1 ? 1 : 0);
    if (!(value >= min && value <= max)) {
      throw error(`"${text}" is not within ${min} to ${max}`);
    }
    return value;
  };
  for (const item of part.split(',')) {
    const [range = '', step = '1', ...rest] = item.split('/');
    const by = Number(step);
    if (rest.length > 0 || !Number.isInteger(by) || by < 1) {
      throw error(`"${item}" has no valid step`);
    }
    const isAll = range === '*' || range === '?';
    const [from = '', to, ...more] = range.split('-');
    if (more.length > 0) {
      throw error(`"${item}" is no range`);
    }
    const first = isAll ? min : read(from);
    const last = isAll ? max : to === undefined ? (item.includes('/') ? max : first) : read(to);
    if (last < first) {
      throw error(`"${item}" ends before it begins`);
    }
    for (let value = first; value <= last; value += by) {
      values.add(value);
    }
  }
  return new Set([...values].sort((a, b) => a - b));
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

/** What clocks in that zone show, as if it were UTC. */
function localMs(timeMs: number, timeZone: string): number {
  if (timeZone === 'UTC') {
    return timeMs;
  }
  const parts = Object.fromEntries(formatterOf(timeZone).formatToParts(timeMs).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The first moment at which clocks in that zone show this; undefined if they never do. */
function fromLocalMs(wantedMs: number, timeZone: string): number | undefined {
  if (timeZone === 'UTC') {
    return wantedMs;
  }
  const candidates = [wantedMs - DAY_MS, wantedMs + DAY_MS].map((aroundMs) => wantedMs - (localMs(aroundMs, timeZone) - aroundMs)).sort((a, b) => a - b);
  return candidates.find((candidateMs) => localMs(candidateMs, timeZone) === wantedMs);
}
