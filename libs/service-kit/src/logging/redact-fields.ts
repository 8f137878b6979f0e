/** Names of fields whose values never reach a log. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'password',
  'secret',
  'token',
  'apiKey',
  'authorization',
  'cookie',
  'paymentToken',
  'connectionString',
  'DATABASE_URL',
  'REDIS_URL',
  'CONTROL_TOKEN',
  'TASK_TOKEN_SECRET',
  'taskToken',
  'base64TaskToken',
  'STRIPE_API_KEY',
]);

const CENSOR = '[redacted]';
/** At the top, and in objects one and two levels down. */
const LEVELS = 3;

/** The fields with their secrets taken out, at the top, one and two levels down. What has no secret is answered as it is, what has one is copied. */
export function redactFields<Fields extends object>(fields: Fields, levels = LEVELS): Fields {
  const original = fields as Record<string, unknown>;
  let redacted = original;
  for (const key of Object.keys(fields)) {
    const value = original[key];
    const safe = SECRET_FIELDS.has(key) ? CENSOR : isNested(value) && levels > 1 ? redactFields(value, levels - 1) : value;
    if (safe !== value) {
      if (redacted === original) redacted = { ...original };
      redacted[key] = safe;
    }
  }
  return redacted as Fields;
}

/** An error is written by its serializer, whose result is looked through then; a copy of it here would be no error any more. */
function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Error);
}
