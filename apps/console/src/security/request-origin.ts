/** Headers by which a browser tells where a request comes from. */
export interface RequestOrigin {
  method: string;
  host: string | undefined;
  origin: string | undefined;
  secFetchSite: string | undefined;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether a request that changes something may be one that another site made the operator's browser send, which adds the Basic
 * credentials by itself. A browser names the origin of such requests; what names none is no browser.
 */
export function isForged({ method, host, origin, secFetchSite }: RequestOrigin): boolean {
  if (SAFE_METHODS.has(method)) return false;
  if (secFetchSite !== undefined && secFetchSite !== 'same-origin' && secFetchSite !== 'none') return true;
  return origin !== undefined && hostOf(origin) !== host;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
