import { z } from 'zod';
import { deterministicId, randomId } from '../identity/deterministic-id.js';
import { validated } from '../http/validated.js';

const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters without spaces');

/**
 * The id of what a request makes: fixed by the API key and its `Idempotency-Key`, or random where the header is missing.
 * @throws ProblemError `invalid-request`
 */
export function idOfRequest(kind: string, keyId: string, idempotencyKey: string | undefined, ...scope: string[]): string {
  if (idempotencyKey === undefined) return randomId();
  const key = validated(z.strictObject({ 'Idempotency-Key': idempotencyKeySchema }), { 'Idempotency-Key': idempotencyKey }, 'header');
  return deterministicId(kind, keyId, key['Idempotency-Key'], ...scope);
}
