import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares keys with the one that is known by its SHA-256 only, in constant time. */
export class OperatorKey {
  readonly #sha256: Buffer;

  /** @param sha256Hex 64 hex digits */
  constructor(sha256Hex: string) {
    this.#sha256 = Buffer.from(sha256Hex, 'hex');
  }

  /** Whether an `Authorization` header carries the key: as a bearer token, or as the password of HTTP Basic with any user name. */
  opens(authorization: string | undefined): boolean {
    const key = keyIn(authorization);
    return key !== undefined && timingSafeEqual(createHash('sha256').update(key).digest(), this.#sha256);
  }
}

function keyIn(authorization: string | undefined): string | undefined {
  const [, scheme, credentials] = /^(\w+) +(\S+)$/.exec(authorization ?? '') ?? [];
  switch (scheme?.toLowerCase()) {
    case 'bearer':
      return credentials;
    case 'basic': {
      const text = Buffer.from(credentials ?? '', 'base64').toString('utf8');
      const colon = text.indexOf(':');
      return colon === -1 ? undefined : text.slice(colon + 1);
    }
    default:
      return undefined;
  }
}
