const CENSOR = '[redacted]';

/** What a secret looks like in free text, e.g. in a driver's error message. */
const PATTERNS: readonly [RegExp, string][] = [
  // The password in scheme://user:password@host. Neither part holds whitespace, a quote or a slash.
  // All parts are bounded, so that no text makes the search slow.
  [/\b([a-z][a-z0-9+.-]{0,19}:\/\/[^\s"'/:@]{0,200}):[^\s"'/@]{1,500}@/gi, `$1:${CENSOR}@`],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${CENSOR}`],
  // The platform's API keys: the id stays, since it tells whose key it was.
  [/\b(bsk_[0-9a-f]{16})_[A-Za-z0-9_-]{43}/g, `$1_${CENSOR}`],
  // Stripe's secret and restricted keys.
  [/\b[sr]k_(live|test)_[A-Za-z0-9]{8,}/g, CENSOR],
];

/** Takes passwords in URLs, bearer tokens, API keys and payment keys out of a text. Valid JSON stays valid JSON. */
export function redactText(text: string): string {
  let redacted = text;
  for (const [pattern, replacement] of PATTERNS) redacted = redacted.replace(pattern, replacement);
  return redacted;
}
