const REDACTED = '[redacted]';

/** A job's data without the payment tokens in it, which nobody who looks at a queue needs. */
export function withoutPaymentTokens(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(withoutPaymentTokens);
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, name === 'paymentToken' ? REDACTED : withoutPaymentTokens(value)]));
}
