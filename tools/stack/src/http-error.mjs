/** An answer that is no success: problem details where the gateway gave them. */
export class HttpError extends Error {
  /**
   * @param {string} request method and path
   * @param {number} status
   * @param {string} body
   */
  constructor(request, status, body) {
    super(`${request} answered ${status}: ${body.slice(0, 500)}`);
    this.name = 'HttpError';
    this.status = status;
    this.body = body;
  }
}

/**
 * Sends JSON, or a stream, and reads JSON.
 *
 * @param {string} url
 * @param {RequestInit & { json?: unknown, timeoutMs?: number }} init
 * @returns {Promise<{ status: number, headers: Headers, body: any }>} body: what the other side says; its shape is the caller's knowledge
 * @throws {HttpError}
 */
export async function requestJson(url, { json, timeoutMs = 60_000, headers, ...init }) {
  const response = await fetch(url, {
    ...init,
    headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    signal: init.signal ?? AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  if (!response.ok) throw new HttpError(`${init.method ?? 'GET'} ${new URL(url).pathname}`, response.status, text);
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}
