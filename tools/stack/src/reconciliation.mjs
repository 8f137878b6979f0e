import { requestJson } from './http-error.mjs';

const TIMEOUT_MS = 120_000;

/**
 * Asks the gateway to settle the accounts over the services' ledgers.
 *
 * @param {{ urls: { gateway: string }, keys: { operator: string } }} stack
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ clean: boolean, discrepancies: unknown[] }>}
 */
export async function readReconciliation({ urls, keys }, signal) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const { body } = await requestJson(`${urls.gateway}/reports/reconciliation`, {
    headers: { authorization: `Bearer ${keys.operator}` },
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
  return { clean: body.clean, discrepancies: body.discrepancies ?? [] };
}
