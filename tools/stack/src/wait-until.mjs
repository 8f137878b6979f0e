/**
 * Asks again and again until the answer is there.
 *
 * @template T
 * @param {(signal: AbortSignal) => Promise<T | undefined>} ask undefined means: not yet; so does a failure
 * @param {{ timeoutMs: number, intervalMs?: number, what: string, signal?: AbortSignal }} options
 * @returns {Promise<T>}
 * @throws {Error} naming `what` and the last failure, after `timeoutMs`
 */
export async function waitUntil(ask, { timeoutMs, intervalMs = 100, what, signal }) {
  const deadlineMs = Date.now() + timeoutMs;
  /** @type {unknown} */
  let lastFailure;
  while (Date.now() < deadlineMs) {
    signal?.throwIfAborted();
    try {
      const answer = await ask(AbortSignal.timeout(Math.max(1, Math.min(5_000, deadlineMs - Date.now()))));
      if (answer !== undefined) return answer;
    } catch (error) {
      lastFailure = error;
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
  throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}${lastFailure instanceof Error ? `: ${lastFailure.message}` : ''}.`, { cause: lastFailure });
}
