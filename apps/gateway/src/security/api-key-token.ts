import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN = /^bsk_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export interface ApiKeyToken {
  id: string;
  /** `bsk_<id>_<secret>`; 256 random bits, so a plain SHA-256 is enough to store it. */
  token: string;
  tokenSha256: Buffer;
}

export function newApiKeyToken(): ApiKeyToken {
  const id = randomBytes(8).toString('hex');
  const token = `bsk_${id}_${randomBytes(32).toString('base64url')}`;
  return { id, token, tokenSha256: tokenSha256(token) };
}

/** The id in a well-formed token, or undefined. Says nothing of whether the token is valid. */
export function apiKeyIdOf(token: string): string | undefined {
  return TOKEN.exec(token)?.[1];
}

export function tokenSha256(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Compares in constant time; a key that does not exist takes as long as one that does. */
export function tokenMatches(token: string, expectedSha256: Buffer | undefined): boolean {
  const expected = expectedSha256 ?? Buffer.alloc(32);
  return timingSafeEqual(tokenSha256(token), expected) && expectedSha256 !== undefined;
}
