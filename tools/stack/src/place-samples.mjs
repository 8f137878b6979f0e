import { awaitClosed } from './control-api.mjs';
import { HttpError, requestJson } from './http-error.mjs';
import { percentiles, perSecond } from './outcome.mjs';
import { readReconciliation } from './reconciliation.mjs';
import { SAMPLE_STOCK, sampleOrders } from './sample-orders.mjs';

/** @typedef {import('./outcome.mjs').Outcome} Outcome */
/** @typedef {{ orderId: string, status: 'completed' | 'compensated' | 'cancelled' | 'failed' | 'running', reason?: string, expected: string, amountMinor: number }} SettledSample */

const IN_FLIGHT = 8;
const ATTEMPTS_MAX = 20;
const SETTLE_TIMEOUT_MS = 120_000;

/**
 * Places sample orders through the REST API, waits until they have ended and settles the accounts.
 *
 * @param {import('./start-stack.mjs').Stack} stack
 * @param {object} [options]
 * @param {number} [options.count] Default 100
 * @param {number} [options.timeoutMs] for all to end. Default 120,000; what has not ended by then is reported as running
 * @param {(placed: number) => void} [options.onPlaced]
 * @param {(ended: number) => void} [options.onEnded]
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<{ outcome: Outcome, samples: SettledSample[] }>}
 */
export async function placeSamples(stack, { count = 100, timeoutMs = SETTLE_TIMEOUT_MS, onPlaced, onEnded, signal } = {}) {
  await stockSamples(stack, signal);
  const startedAtMs = performance.now();
  const batch = `${Date.now().toString(36)}-${process.pid}`;
  const samples = sampleOrders(count);
  /** @type {number[]} */
  const acceptMs = [];
  /** @type {Map<string, SettledSample>} */
  const placed = new Map();
  await inParallel(samples, IN_FLIGHT, async (sample, index) => {
    const sentAtMs = performance.now();
    const body = await placeOrder(stack, sample.body, `sample-${batch}-${index}`, signal);
    acceptMs.push(performance.now() - sentAtMs);
    placed.set(`order-${body.orderId}`, { orderId: body.orderId, status: 'running', expected: sample.expected, amountMinor: body.amountMinor });
    onPlaced?.(placed.size);
  });

  /** @type {number[]} */
  const completionMs = [];
  await awaitClosed(stack, [...placed.keys()], {
    timeoutMs,
    signal,
    onClosed(run) {
      const sample = /** @type {SettledSample} */ (placed.get(run.workflowId));
      Object.assign(sample, endOf(run));
      if (run.closedAtMs !== undefined) completionMs.push(run.closedAtMs - run.startedAtMs);
      onEnded?.(completionMs.length);
    },
  });
  const durationMs = performance.now() - startedAtMs;
  const settled = [...placed.values()];
  const ending = (/** @type {string} */ status) => settled.filter((sample) => sample.status === status).length;
  const running = ending('running') + ending('failed');
  return {
    samples: settled,
    outcome: {
      orders: { accepted: settled.length, completed: ending('completed'), compensated: ending('compensated'), cancelled: ending('cancelled'), running },
      returns: { accepted: 0, completed: 0, compensated: 0, running: 0 },
      rejected: { rows: 0, invoices: 0, byReason: {} },
      durationMs: Math.round(durationMs),
      ordersPerSecond: perSecond(settled.length - running, durationMs),
      acceptMs: percentiles(acceptMs),
      completionMs: percentiles(completionMs),
      reconciliation: await readReconciliation(stack, signal),
    },
  };
}

/**
 * Makes the samples' articles known, with their stock. Done once for the life of the data.
 *
 * @param {import('./start-stack.mjs').Stack} stack
 * @param {AbortSignal} [signal]
 */
async function stockSamples(stack, signal) {
  const { body } = await requestJson(`${stack.urls.gateway}/stock-intakes`, {
    method: 'POST',
    json: { items: SAMPLE_STOCK },
    headers: { authorization: `Bearer ${stack.keys.operator}`, 'idempotency-key': 'stock-of-the-sample-orders' },
  });
  const running = await awaitClosed(stack, [`stock-intake-${body.intakeId}`], { timeoutMs: SETTLE_TIMEOUT_MS, signal });
  if (running.length > 0) throw new Error('The samples’ stock did not come in within two minutes.');
}

/**
 * One order; a refusal for the rate or a service that is not there for a moment is tried again, with the same idempotency key.
 *
 * @param {{ urls: { gateway: string }, keys: { orders: string } }} stack
 * @param {import('@backstitch/contracts').PlaceOrder} order
 * @param {string} idempotencyKey
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ orderId: string, amountMinor: number }>}
 */
export async function placeOrder(stack, order, idempotencyKey, signal) {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      const { body } = await requestJson(`${stack.urls.gateway}/orders`, {
        method: 'POST',
        json: order,
        headers: { authorization: `Bearer ${stack.keys.orders}`, 'idempotency-key': idempotencyKey },
      });
      return body;
    } catch (error) {
      const passing = !(error instanceof HttpError) || error.status === 429 || error.status === 503;
      if (!passing || attempt >= ATTEMPTS_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.min(2_000, 100 * 2 ** attempt)));
    }
  }
}

/**
 * @param {import('@backstitch/protocol').ClosedWorkflow} run
 * @returns {Pick<SettledSample, 'status' | 'reason'>}
 */
function endOf(run) {
  const result = /** @type {{ status?: string, reason?: string } | undefined} */ (run.result);
  if (run.status === 'CANCELED') return { status: 'cancelled' };
  if (run.status !== 'COMPLETED') return { status: 'failed', reason: run.failure?.message ?? run.status };
  return result?.status === 'compensated' ? { status: 'compensated', reason: result.reason ?? 'no reason given' } : { status: 'completed' };
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {number} width
 * @param {(item: T, index: number) => Promise<void>} work
 */
async function inParallel(items, width, work) {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let index = next++; index < items.length; index = next++) await work(/** @type {T} */ (items[index]), index);
    }),
  );
}
