import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startRedis } from '@backstitch/servers';
import { awaitClosed, buildPlatform, placeOrder, placeSamples, requestJson, sampleOrders, startStack } from '@backstitch/stack';

/** @typedef {import('@backstitch/stack').Stack} Stack */
/**
 * @typedef {object} TakeoverRound
 * @property {number} takeoverMs from the kill of one orchestrator until the other held all partitions
 * @property {number} restartMs from the kill of both, which are started again at once, until the two held all partitions
 * @property {number} acceptMsMax longest time for the acceptance of an order, meanwhile
 * @property {number} orderMsMax longest time from the acceptance of an order to its end, meanwhile
 * @property {number} orders
 */
/**
 * @typedef {object} TakeoverFigures
 * @property {'redis' | 'postgres'} backend
 * @property {TakeoverRound[]} rounds
 * @property {number} takeoverMsMax
 * @property {number} restartMsMax
 * @property {number} orderMsMax
 */

const ORCHESTRATORS = 2;
const SETTLED_TIMEOUT_MS = 60_000;
const LOOK_EVERY_MS = 20;
/** The one that was killed stays away for so long, so that it is the other one that takes over. */
const DOWN_MS = 15_000;
const ORDER_PAUSE_MS = 50;
const ORDERS_TIMEOUT_MS = 120_000;

/**
 * @param {{ rounds: number, backend: 'redis' | 'postgres', onProgress?: (message: string) => void }} options
 * @returns {Promise<TakeoverFigures>}
 */
export async function measureTakeover({ rounds, backend, onProgress = () => undefined }) {
  await buildPlatform({ onStart: () => onProgress('Building the services') });
  const directory = mkdtempSync(join(tmpdir(), 'backstitch-takeover-'));
  chmodSync(directory, 0o755);
  const redis = backend === 'redis' ? await startRedis({ directory: join(directory, 'redis') }) : undefined;
  /** @type {Stack | undefined} */
  let stack;
  try {
    stack = await startStack({ directory: join(directory, 'stack'), redisUrl: redis?.url, instances: { orchestrator: ORCHESTRATORS }, anyPort: true });
    await placeSamples(stack, { count: 20 });
    /** @type {TakeoverRound[]} */
    const measured = [];
    for (let round = 0; round < rounds; round += 1) {
      const figures = await measureRound(stack, round);
      measured.push(figures);
      onProgress(`${round + 1}/${rounds}  take-over ${figures.takeoverMs} ms  restart ${figures.restartMs} ms  longest acceptance ${figures.acceptMsMax} ms, order ${figures.orderMsMax} ms of ${figures.orders}`);
    }
    const longest = (/** @type {'takeoverMs' | 'restartMs' | 'orderMsMax'} */ figure) => Math.max(...measured.map((each) => each[figure]));
    return { backend, rounds: measured, takeoverMsMax: longest('takeoverMs'), restartMsMax: longest('restartMs'), orderMsMax: longest('orderMsMax') };
  } finally {
    await stack?.stop();
    await redis?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @param {Stack} stack
 * @param {number} round
 * @returns {Promise<TakeoverRound>}
 */
async function measureRound(stack, round) {
  const feed = feedOrders(stack, round);
  try {
    await untilShared(stack);
    const killed = 1 + (round % ORCHESTRATORS);
    const survivor = killed === 1 ? 2 : 1;
    // At any moment between two renewals.
    await delay(Math.random() * 2_000);
    const { total } = await partitionsOf(stack, survivor);
    stack.instance('orchestrator', killed).process.kill({ downMs: DOWN_MS });
    const takeoverMs = await msUntil(async () => (await partitionsOf(stack, survivor)).owned === total);
    await delay(DOWN_MS);
    await stack.waitUntilReady('orchestrator', killed);
    await untilShared(stack);
    for (const number of [1, 2]) stack.instance('orchestrator', number).process.kill();
    const restartMs = await msUntil(async () => (await partitionsOf(stack, 1)).owned + (await partitionsOf(stack, 2)).owned === total);
    const { accepted, acceptMsMax } = await feed.stop();
    const orderMsMax = await longestOrderMs(stack, accepted);
    return { takeoverMs, restartMs, acceptMsMax, orderMsMax, orders: accepted.length };
  } finally {
    await feed.stop();
  }
}

/**
 * Places an order every 50 ms or so.
 * @param {Stack} stack
 * @param {number} round
 */
function feedOrders(stack, round) {
  const bodies = sampleOrders(50).map(({ body }) => body);
  /** @type {string[]} */
  const accepted = [];
  let acceptMsMax = 0;
  let stopped = false;
  const feeding = (async () => {
    for (let index = 0; !stopped; index += 1) {
      const sentAtMs = performance.now();
      const body = /** @type {typeof bodies[number]} */ (bodies[index % bodies.length]);
      const { orderId } = await placeOrder(stack, body, `takeover-${process.pid}-${round}-${index}`);
      acceptMsMax = Math.max(acceptMsMax, Math.round(performance.now() - sentAtMs));
      accepted.push(`order-${orderId}`);
      await delay(ORDER_PAUSE_MS);
    }
  })();
  feeding.catch(() => undefined);
  return {
    async stop() {
      stopped = true;
      await feeding;
      return { accepted, acceptMsMax };
    },
  };
}

/**
 * @param {Stack} stack
 * @param {readonly string[]} workflowIds
 */
async function longestOrderMs(stack, workflowIds) {
  let longestMs = 0;
  const onClosed = (/** @type {import('@backstitch/protocol').ClosedWorkflow} */ run) => {
    longestMs = Math.max(longestMs, (run.closedAtMs ?? Infinity) - run.startedAtMs);
  };
  const running = await awaitClosed(stack, workflowIds, { timeoutMs: ORDERS_TIMEOUT_MS, onClosed });
  if (running.length > 0) throw new Error(`${running.length} orders have not ended.`);
  return longestMs;
}

/** @param {Stack} stack */
async function untilShared(stack) {
  const deadlineMs = performance.now() + SETTLED_TIMEOUT_MS;
  for (;;) {
    const shares = await Promise.all([1, 2].map((number) => partitionsOf(stack, number)));
    if (shares.every(({ owned, total }) => owned === total / ORCHESTRATORS)) return;
    if (performance.now() > deadlineMs) throw new Error('The orchestrators do not share the partitions.');
    await delay(LOOK_EVERY_MS);
  }
}

/**
 * @param {() => Promise<boolean>} condition
 * @returns {Promise<number>}
 */
async function msUntil(condition) {
  const startedAtMs = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAtMs > SETTLED_TIMEOUT_MS) throw new Error('The partitions were not taken over.');
    await delay(LOOK_EVERY_MS);
  }
  return Math.round(performance.now() - startedAtMs);
}

/**
 * What an orchestrator says that it holds; nothing while it does not answer.
 * @param {Stack} stack
 * @param {number} number
 * @returns {Promise<import('@backstitch/protocol').ControlInfo['partitions']>}
 */
async function partitionsOf(stack, number) {
  try {
    const { body } = await requestJson(`${stack.instance('orchestrator', number).url}/v1/info`, { headers: { authorization: `Bearer ${stack.controlToken}` } });
    return body.partitions;
  } catch {
    return { total: 0, owned: 0 };
  }
}
