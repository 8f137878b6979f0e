/** In place of Node's module `util` in workflow code: what of it is deterministic and often used. */
import { isDeepStrictEqual } from './deep-equality.js';

export { isDeepStrictEqual };
const { TextDecoder, TextEncoder } = globalThis;
export { TextDecoder, TextEncoder };

/** A value as text: JSON where there is such. */
export function inspect(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (value instanceof Error) return value.stack ?? String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** Text with `%s`, `%d`, `%i`, `%f`, `%j`, `%o` and `%O` replaced by the values in turn; the rest follows. */
export function format(first?: unknown, ...values: unknown[]): string {
  const textOf = (value: unknown): string => (typeof value === 'string' ? value : inspect(value));
  if (typeof first !== 'string') return [first, ...values].map(textOf).join(' ');
  let next = 0;
  const text = first.replace(/%[sdifjoO%]/g, (mark) => {
    if (mark === '%%') return '%';
    if (next >= values.length) return mark;
    const value = values[next++];
    if (mark === '%d' || mark === '%f') return String(Number(value));
    if (mark === '%i') return String(Math.trunc(Number(value)));
    return mark === '%s' ? textOf(value) : inspect(value);
  });
  return [text, ...values.slice(next).map(textOf)].join(' ');
}

export default { format, inspect, isDeepStrictEqual, TextDecoder, TextEncoder };
