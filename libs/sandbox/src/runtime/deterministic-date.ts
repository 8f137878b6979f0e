/** Zone designators that make a date string absolute. */
const ISO_LOCAL = /^[+-]?\d{4,6}(-\d\d(-\d\d)?)?T\d\d:\d\d(:\d\d([.,]\d+)?)?$/;
const ISO_DATE = /^[+-]?\d{4,6}(-\d\d(-\d\d)?)?$/;
const ZONE = /(Z|UTC|GMT|UT|[ECMP][SD]T|[+-]\d\d:?\d\d)\b/i;

const LOCAL_TO_UTC = ['Date', 'Day', 'FullYear', 'Hours', 'Milliseconds', 'Minutes', 'Month', 'Seconds'] as const;

/**
 * Replaces a realm's Date by one that knows one clock, `now`, and one time zone, UTC: wherever and whenever a history is replayed, dates come
 * out the same. The prototype stays the native one, so that `instanceof` and JSON work; its `constructor` is the replacement, so that the
 * native clock cannot be reached through an instance.
 */
export function installDeterministicDate(realm: typeof globalThis, now: () => number): void {
  const NativeDate = realm.Date;
  const prototype = NativeDate.prototype;

  const parse = (text: string): number => {
    const trimmed = text.trim();
    if (ISO_LOCAL.test(trimmed)) return NativeDate.parse(`${trimmed}Z`);
    if (ISO_DATE.test(trimmed) || ZONE.test(trimmed)) return NativeDate.parse(trimmed);
    return NativeDate.parse(`${trimmed} UTC`);
  };

  const WorkflowDate = function Date(this: unknown, ...args: unknown[]): unknown {
    if (new.target === undefined) return text(new NativeDate(now()));
    const [first] = args;
    let value: unknown;
    if (args.length === 0) value = now();
    else if (args.length > 1) value = NativeDate.UTC(...(args as [number, number]));
    else value = typeof first === 'string' ? parse(first) : first;
    return Reflect.construct(NativeDate, [value], new.target);
  };
  Object.defineProperties(WorkflowDate, {
    prototype: { value: prototype, writable: false, enumerable: false, configurable: false },
    length: { value: 7, configurable: true },
    now: { value: () => now(), writable: true, enumerable: false, configurable: true },
    parse: { value: (value: unknown) => parse(String(value)), writable: true, enumerable: false, configurable: true },
    UTC: { value: NativeDate.UTC, writable: true, enumerable: false, configurable: true },
  });

  const define = (name: string, method: (this: Date, ...args: never[]) => unknown): void => {
    Object.defineProperty(prototype, name, { value: method, writable: true, enumerable: false, configurable: true });
  };
  const methods = prototype as unknown as Record<string, (...args: never[]) => unknown>;
  for (const part of LOCAL_TO_UTC) {
    define(`get${part}`, methods[`getUTC${part}`] as never);
    if (part !== 'Day') define(`set${part}`, methods[`setUTC${part}`] as never);
  }
  define('getYear', function () {
    return this.getUTCFullYear() - 1900;
  });
  define('setYear', function (year: number) {
    return this.setUTCFullYear(year >= 0 && year <= 99 ? 1900 + year : year);
  });
  define('getTimezoneOffset', function () {
    return Number.isNaN(this.getTime()) ? NaN : 0;
  });
  define('toString', function () {
    return text(this);
  });
  define('toDateString', function () {
    return dateText(this);
  });
  define('toTimeString', function () {
    return timeText(this);
  });
  define('toLocaleString', function () {
    return text(this);
  });
  define('toLocaleDateString', function () {
    return dateText(this);
  });
  define('toLocaleTimeString', function () {
    return timeText(this);
  });
  define('constructor', WorkflowDate as never);
  Object.defineProperty(realm, 'Date', { value: WorkflowDate, writable: true, enumerable: false, configurable: true });
}

const INVALID = 'Invalid Date';

function text(date: Date): string {
  return Number.isNaN(date.getTime()) ? INVALID : `${dateText(date)} ${timeText(date)}`;
}

/** From `Sat, 21 Nov 2026 09:23:04 GMT` to `Sat Nov 21 2026`. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return INVALID;
  const [weekday, day, month, year] = date.toUTCString().split(' ') as [string, string, string, string];
  return `${weekday.slice(0, 3)} ${month} ${day} ${year}`;
}

function timeText(date: Date): string {
  if (Number.isNaN(date.getTime())) return INVALID;
  return `${date.toUTCString().split(' ')[4]} GMT+0000 (Coordinated Universal Time)`;
}
