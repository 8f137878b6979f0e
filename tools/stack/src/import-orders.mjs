import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { HttpError, requestJson } from './http-error.mjs';
import { perSecond } from './outcome.mjs';
import { readReconciliation } from './reconciliation.mjs';
import { waitUntil } from './wait-until.mjs';

/** @typedef {import('./outcome.mjs').Outcome} Outcome */
/** @typedef {{ accepted: number, completed: number, compensated: number, cancelled: number, failed: number, running: number }} RunCounts */
/**
 * What `GET /imports/:id` says, as far as it is read here.
 *
 * @typedef {object} ImportView
 * @property {'uploading' | 'interrupted' | 'queued' | 'stocking' | 'running' | 'completed' | 'failed'} status
 * @property {string | null} failure
 * @property {{ total: number, waiting: number }} invoices
 * @property {{ orders: RunCounts, returns: RunCounts, rejected: Outcome['rejected'], acceptMs: Outcome['acceptMs'], completionMs: Outcome['completionMs'] }} outcome
 */

const UPLOAD_ATTEMPTS_MAX = 10;
const UPLOAD_TIMEOUT_MS = 30 * 60_000;
const IMPORT_TIMEOUT_MS = 60 * 60_000;
const POLL_INTERVAL_MS = 250;

/**
 * Sends a CSV file (gzip by its name) to the gateway as a stream, waits until its orders and returns have ended, and settles the accounts.
 * An upload that breaks is sent again: the same file places nothing twice.
 *
 * @param {import('./start-stack.mjs').Stack} stack
 * @param {object} options
 * @param {string} options.file
 * @param {number} [options.stockPerSku]
 * @param {(sent: number, total: number) => void} [options.onUpload] bytes of the file
 * @param {(ended: number, total: number) => void} [options.onProgress] orders and returns
 * @param {number} [options.timeoutMs] Default one hour
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<{ outcome: Outcome, importId: string }>}
 */
export async function importOrders(stack, { file, stockPerSku, onUpload, onProgress, timeoutMs = IMPORT_TIMEOUT_MS, signal }) {
  const startedAtMs = performance.now();
  const importId = await uploadOrders(stack, { file, stockPerSku, onUpload, signal });
  const view = await waitUntil(
    async (timeout) => {
      const current = await readImport(stack, importId, timeout);
      const { orders, returns } = current.outcome;
      onProgress?.(current.invoices.total - current.invoices.waiting - orders.running - returns.running, current.invoices.total);
      return current.status === 'completed' || current.status === 'failed' ? current : undefined;
    },
    { timeoutMs, intervalMs: POLL_INTERVAL_MS, what: 'the import to end', signal },
  );
  if (view.status === 'failed') throw new Error(`The import failed: ${view.failure ?? 'no reason was given'}`);
  const outcome = outcomeOf(view, performance.now() - startedAtMs);
  return { importId, outcome: { ...outcome, reconciliation: await readReconciliation(stack, signal) } };
}

/**
 * The gateway's view of an import.
 *
 * @param {{ urls: { gateway: string }, keys: { operator: string } }} stack
 * @param {string} importId
 * @param {AbortSignal} [signal]
 * @returns {Promise<ImportView>}
 */
export async function readImport({ urls, keys }, importId, signal) {
  const { body } = await requestJson(`${urls.gateway}/imports/${importId}`, { headers: { authorization: `Bearer ${keys.operator}` }, signal });
  return body;
}

/**
 * @param {import('./start-stack.mjs').Stack} stack
 * @param {{ file: string, stockPerSku?: number, onUpload?: (sent: number, total: number) => void, signal?: AbortSignal }} options
 * @returns {Promise<string>} id of the import
 */
export async function uploadOrders({ urls, keys }, { file, stockPerSku, onUpload, signal }) {
  const { size } = await stat(file);
  const query = stockPerSku === undefined ? '' : `?stock=${stockPerSku}`;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const timeout = AbortSignal.timeout(UPLOAD_TIMEOUT_MS);
    try {
      const { body } = await requestJson(`${urls.gateway}/imports${query}`, {
        method: 'POST',
        body: /** @type {ReadableStream} */ (Readable.toWeb(openCsv(file, (sent) => onUpload?.(sent, size)))),
        // A streamed body can be sent in one direction only.
        .../** @type {RequestInit} */ ({ duplex: 'half' }),
        headers: { authorization: `Bearer ${keys.operator}`, 'content-type': 'text/csv' },
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      return body.importId;
    } catch (error) {
      const refused = error instanceof HttpError && error.status < 500 && error.status !== 429;
      if (refused || attempt >= UPLOAD_ATTEMPTS_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 250 * 2 ** attempt)));
    }
  }
}

/**
 * @param {string} file
 * @param {(bytes: number) => void} onBytes of the file as it is on disk
 * @returns {Readable}
 */
function openCsv(file, onBytes) {
  let bytes = 0;
  const source = createReadStream(file);
  source.on('data', (chunk) => onBytes((bytes += chunk.length)));
  if (!file.endsWith('.gz')) return source;
  const unzip = createGunzip();
  source.once('error', (error) => unzip.destroy(error));
  return source.pipe(unzip);
}

/**
 * @param {ImportView} view
 * @param {number} durationMs
 * @returns {Omit<Outcome, 'reconciliation'>}
 */
function outcomeOf({ outcome: { orders, returns, rejected, acceptMs, completionMs } }, durationMs) {
  return {
    orders: { accepted: orders.accepted, completed: orders.completed, compensated: orders.compensated, cancelled: orders.cancelled, running: orders.running + orders.failed },
    returns: {
      accepted: returns.accepted,
      completed: returns.completed,
      compensated: returns.compensated + returns.cancelled,
      running: returns.running + returns.failed,
    },
    rejected,
    durationMs: Math.round(durationMs),
    ordersPerSecond: perSecond(orders.completed + orders.compensated + orders.cancelled, durationMs),
    acceptMs,
    completionMs,
  };
}
