import { z } from 'zod';

/** A whole number. */
export function integerVariable({ min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number }) {
  return z
    .string()
    .regex(/^-?\d{1,16}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().int().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
}

/** A TCP port; 0 lets the system choose one. */
export function portVariable(defaultPort: number) {
  return integerVariable({ min: 0, max: 65_535 }).default(defaultPort);
}

/** A base URL over HTTP, without the slash at its end. */
export function httpUrlVariable() {
  return z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).transform((url) => url.replace(/\/+$/, ''));
}

/** One or more base URLs over HTTP, with commas between; kept as one text. */
export function httpUrlsVariable() {
  const url = httpUrlVariable();
  return z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(url).min(1))
    .transform((urls) => urls.join());
}

/** A Postgres connection URL. */
export function postgresUrlVariable() {
  return z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' });
}

/** Values between commas, trimmed; empty ones are left out. Not set: none. */
export function commaSeparatedVariable() {
  return z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()).filter((part) => part !== ''))
    .default([]);
}

/** `true` or `false`. */
export function booleanVariable(defaultValue: boolean) {
  return z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((text) => text === 'true')
    .default(defaultValue);
}
