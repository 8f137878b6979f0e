/** A copy of what is shown, without the means of payment in it, however deep. */
export function withoutPaymentTokens<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutPaymentTokens) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) copy[name] = name === 'paymentToken' ? '[redacted]' : withoutPaymentTokens(member as unknown);
  return copy as T;
}
