import { createHash, timingSafeEqual } from 'node:crypto';

const SCHEME = /^Bearer +(\S+)$/i;

/** Makes a check of `Authorization` headers against one token, in constant time: digests of equal length are compared. */
export function bearerTokenCheck(token: string): (authorization: string | undefined) => boolean {
  const expected = digest(token);
  return (authorization) => {
    const presented = SCHEME.exec(authorization ?? '')?.[1] ?? '';
    return timingSafeEqual(digest(presented), expected) && presented.length > 0;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
