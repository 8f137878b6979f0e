import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { overloadOrder } from './overload-orders.mjs';

/**
 * What came of the requests that were sent.
 *
 * @typedef {object} LoadResult
 * @property {number} sent
 * @property {number} skipped requests that were due while too many had no answer: the generator's own bound
 * @property {Map<string, string>} accepted order id by idempotency key
 * @property {Record<string, number>} refused by status
 * @property {number} withoutRetryAfter refusals that do not say when to come again
 * @property {Record<number, number>} retryAfter refusals by the seconds that they ask for
 * @property {Record<string, number>} otherwise by status: neither taken nor refused for now
 * @property {Record<string, number>} unknown answers after which nobody knows whether the order was taken, by the problem's type, and requests without any, by the error
 * @property {{ key: string, number: number }[]} ambiguous requests without an answer, or with one of those
 * @property {{ accepted: number[], refused: number[] }} latencyMs
 * @property {{ second: number, accepted: number, refused: number }[]} seconds
 */

/** Answers that promise that nothing was begun. */
const REFUSALS = new Set(['urn:backstitch:problem:overloaded', 'urn:backstitch:problem:rate-limited']);
/** Requests without an answer at once, each on a connection of its own: bounds the generator's memory. */
const OUTSTANDING_MAX = 1_000;
const TIMEOUT_MS = 10_000;
const TICK_MS = 10;

/**
 * Sends orders at a fixed rate, whatever becomes of them (an open loop), for so long.
 *
 * @param {{ url: string, apiKey: string, keyPrefix: string, ordersPerSecond: number, durationMs: number, onAccepted: (orderId: string) => void }} options
 * @returns {Promise<LoadResult>}
 */
export async function offerOrders({ url, apiKey, keyPrefix, ordersPerSecond, durationMs, onAccepted }) {
  const pool = new Pool(url, { connections: OUTSTANDING_MAX, pipelining: 1 });
  const result = emptyResult();
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const startedAtMs = performance.now();
  let outstanding = 0;
  let due = 0;

  /** @param {number} number */
  const send = async (number) => {
    const key = `${keyPrefix}-${number}`;
    const sentAtMs = performance.now();
    outstanding += 1;
    result.sent += 1;
    try {
      const response = await pool.request({
        method: 'POST',
        path: '/orders',
        headers: { ...headers, 'idempotency-key': key },
        body: overloadOrder(number),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.body.text();
      const orderId = record(result, { key, number, status: response.statusCode, retryAfter: response.headers['retry-after'], text, latencyMs: performance.now() - sentAtMs, second: Math.floor((performance.now() - startedAtMs) / 1_000) });
      if (orderId !== undefined) onAccepted(orderId);
    } catch (error) {
      const { code, name } = /** @type {{ code?: string, name: string }} */ (error);
      const cause = typeof code === 'string' ? code : name;
      result.unknown[cause] = (result.unknown[cause] ?? 0) + 1;
      result.ambiguous.push({ key, number });
    } finally {
      outstanding -= 1;
    }
  };

  /** @type {Set<Promise<void>>} */
  const sending = new Set();
  for (let elapsedMs = 0; elapsedMs < durationMs; elapsedMs = performance.now() - startedAtMs) {
    for (const target = Math.floor((elapsedMs / 1_000) * ordersPerSecond); due < target; due += 1) {
      if (outstanding >= OUTSTANDING_MAX) {
        result.skipped += 1;
        continue;
      }
      const request = send(due).finally(() => sending.delete(request));
      sending.add(request);
    }
    await pause(TICK_MS);
  }
  await Promise.all(sending);
  await pool.close();
  return result;
}

/**
 * Places so many orders, a few at a time, each until it is taken.
 *
 * @param {{ url: string, apiKey: string, keyPrefix: string, count: number, width: number }} options
 * @returns {Promise<Map<string, string>>} order id by idempotency key
 */
export async function placeOrders({ url, apiKey, keyPrefix, count, width }) {
  const pool = new Pool(url, { connections: width, pipelining: 1 });
  /** @type {Map<string, string>} */
  const accepted = new Map();
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let number = next++; number < count; number = next++) {
        const key = `${keyPrefix}-${number}`;
        accepted.set(key, await placeUntilTaken(pool, apiKey, key, number));
      }
    }),
  );
  await pool.close();
  return accepted;
}

/**
 * What became of requests without an answer: the same key again answers the same thing, and places the order if it was not taken before.
 *
 * @param {{ url: string, apiKey: string, requests: readonly { key: string, number: number }[] }} options
 * @returns {Promise<Map<string, string>>} order id by idempotency key
 */
export async function resolveAmbiguous({ url, apiKey, requests }) {
  const pool = new Pool(url, { connections: 8, pipelining: 1 });
  /** @type {Map<string, string>} */
  const resolved = new Map();
  for (const { key, number } of requests) resolved.set(key, await placeUntilTaken(pool, apiKey, key, number));
  await pool.close();
  return resolved;
}

/**
 * @param {Pool} pool
 * @param {string} apiKey
 * @param {string} key
 * @param {number} number
 * @returns {Promise<string>} the order's id
 */
async function placeUntilTaken(pool, apiKey, key, number) {
  for (;;) {
    const response = await pool.request({
      method: 'POST',
      path: '/orders',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: overloadOrder(number),
    });
    const text = await response.body.text();
    if (response.statusCode === 202) return JSON.parse(text).orderId;
    if (response.statusCode !== 503 && response.statusCode !== 429) throw new Error(`An order was answered ${response.statusCode}: ${text.slice(0, 300)}`);
    await pause(Number(response.headers['retry-after'] ?? 1) * 1_000);
  }
}

/** @returns {LoadResult} */
function emptyResult() {
  return { sent: 0, skipped: 0, accepted: new Map(), refused: {}, withoutRetryAfter: 0, retryAfter: {}, otherwise: {}, unknown: {}, ambiguous: [], latencyMs: { accepted: [], refused: [] }, seconds: [] };
}

/**
 * @param {LoadResult} result
 * @returns {string | undefined} the order's id if it was accepted
 * @param {{ key: string, number: number, status: number, retryAfter: string | string[] | undefined, text: string, latencyMs: number, second: number }} answer
 */
function record(result, { key, number, status, retryAfter, text, latencyMs, second }) {
  while (result.seconds.length <= second) result.seconds.push({ second: result.seconds.length, accepted: 0, refused: 0 });
  const bucket = /** @type {{ accepted: number, refused: number }} */ (result.seconds[second]);
  if (status === 202) {
    const { orderId } = JSON.parse(text);
    result.accepted.set(key, orderId);
    result.latencyMs.accepted.push(latencyMs);
    bucket.accepted += 1;
    return orderId;
  } else if (status === 429 || status === 503) {
    result.refused[status] = (result.refused[status] ?? 0) + 1;
    result.latencyMs.refused.push(latencyMs);
    bucket.refused += 1;
    const seconds = Number(retryAfter);
    const { type } = JSON.parse(text);
    if (!REFUSALS.has(type)) {
      result.unknown[type] = (result.unknown[type] ?? 0) + 1;
      result.ambiguous.push({ key, number });
    }
    if (Number.isInteger(seconds) && seconds >= 1) result.retryAfter[seconds] = (result.retryAfter[seconds] ?? 0) + 1;
    else result.withoutRetryAfter += 1;
  } else {
    result.otherwise[status] = (result.otherwise[status] ?? 0) + 1;
  }
  return undefined;
}
