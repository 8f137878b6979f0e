import type { FormBody } from './form-body.js';
import { parameterInvalid } from './stripe-api-error.js';

export function readOptional(body: FormBody, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'object') throw parameterInvalid(name, `Invalid string: ${name}.`);
  return value;
}

export function readRequired(body: FormBody, name: string): string {
  const value = readOptional(body, name);
  if (value === undefined) throw parameterInvalid(name, `Missing required param: ${name}.`);
  return value;
}

export function readMetadata(body: FormBody): Record<string, string> {
  const { metadata } = body;
  if (metadata === undefined || metadata === '') return {};
  if (typeof metadata === 'string') throw parameterInvalid('metadata', 'Invalid object: metadata.');
  return Object.fromEntries(Object.keys(metadata).map((key) => [key, readRequired(metadata, key)]));
}

/** `payment_method`, or the token in `payment_method_data[card][token]`. */
export function readPaymentMethod(body: FormBody): string | undefined {
  const { payment_method_data: data } = body;
  if (typeof data === 'object' && typeof data['card'] === 'object') return readOptional(data['card'], 'token');
  return readOptional(body, 'payment_method');
}

/** Stripe's page size: 1 to 100, by default 10. */
export function readLimit(value: string | undefined): number {
  const limit = value === undefined ? 10 : Number(value);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) throw parameterInvalid('limit', 'The limit lies between 1 and 100.');
  return limit;
}
