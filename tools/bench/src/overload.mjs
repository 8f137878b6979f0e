/** `npm run bench:overload`: what a whole stack does with ten times more orders than it can do. See docs/performance.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startRedis } from '@backstitch/servers';
import { awaitClosed, buildPlatform, readReconciliation, requestJson, startStack } from '@backstitch/stack';
import { BenchArgumentError } from './arguments.mjs';
import { readOverloadArguments, USAGE } from './overload-arguments.mjs';
import { countRunning, endsBySecond, readOrders } from './overload-histories.mjs';
import { offerOrders, placeOrders, resolveAmbiguous } from './overload-load.mjs';
import { OVERLOAD_STOCK } from './overload-orders.mjs';
import { drawOverload } from './overload-picture.mjs';
import { cpuSeconds, probe, sampleMemory } from './overload-probes.mjs';
import { overloadFigures, printOverload } from './overload-report.mjs';
import { Progress } from './progress.mjs';

/** @typedef {import('@backstitch/stack').Stack} Stack */

/** Requests at once while it is measured what the stack can do. */
const CAPACITY_WIDTH = 64;
const DRAIN_TIMEOUT_MS = 600_000;
const COLOURS = ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b', '#e377c2', '#7f7f7f'];

process.exitCode = await main(process.argv.slice(2));

/** @param {string[]} args */
async function main(args) {
  try {
    const options = readOverloadArguments(args);
    if (options === 'help') {
      process.stdout.write(`${USAGE}\n`);
      return 0;
    }
    return await measureOverload(options);
  } catch (error) {
    if (!(error instanceof BenchArgumentError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    return 2;
  }
}

/** @param {import('./overload-arguments.mjs').OverloadOptions} options */
async function measureOverload(options) {
  const progress = new Progress();
  await buildPlatform({ onStart: () => progress.phase('Building the platform') });
  const directory = mkdtempSync(join(tmpdir(), 'backstitch-overload-'));
  const redis = options.backend === 'redis' ? await startRedis({ directory: join(directory, 'redis') }) : undefined;
  /** @type {Stack | undefined} */
  let stack;
  try {
    progress.phase('Starting a stack');
    const { openActivitiesMax } = options;
    stack = await startStack({
      directory: join(directory, 'stack'),
      anyPort: true,
      redisUrl: redis?.url,
      environment: {
        // What is measured is too much work, not one caller's share of it.
        gateway: { RATE_LIMIT_PER_MINUTE: '100000000' },
        orchestrator: openActivitiesMax === undefined ? {} : { ADMISSION_OPEN_ACTIVITIES_MAX: String(openActivitiesMax) },
      },
    });
    const figures = await floodStack(stack, redis, options, progress);
    progress.end();
    process.stdout.write(printOverload(figures));
    if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, `${JSON.stringify({ backend: options.backend, ...figures }, null, 2)}\n`);
    return figures.isClean ? 0 : 1;
  } finally {
    await stack?.stop();
    await redis?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @param {Stack} stack
 * @param {import('@backstitch/servers').RedisServer | undefined} redis
 * @param {import('./overload-arguments.mjs').OverloadOptions} options
 * @param {Progress} progress
 */
async function floodStack(stack, redis, options, progress) {
  const access = { url: stack.urls.gateway, apiKey: stack.keys.orders };
  const pids = pidsOf(stack, redis);
  const databaseUrl = /** @type {string} */ (stack.databaseUrls['admin']);
  await stockArticles(stack);

  progress.phase(`Warming up with ${options.warmUpOrders} orders`);
  await placeOrders({ ...access, keyPrefix: 'warm', count: options.warmUpOrders, width: CAPACITY_WIDTH });
  await untilEnded(databaseUrl);
  progress.phase(`Measuring with ${options.capacityOrders} orders what the stack can do`);
  const capacityFromMs = Date.now();
  const capacityCpu = cpuSeconds(pids);
  const orders = await placeOrders({ ...access, keyPrefix: 'capacity', count: options.capacityOrders, width: CAPACITY_WIDTH });
  await untilEnded(databaseUrl);
  const capacityUntilMs = Date.now();
  const floodCpu = cpuSeconds(pids);
  const capacityPerSecond = (options.capacityOrders * 1_000) / (capacityUntilMs - capacityFromMs);
  const before = await readOrders(databaseUrl, { fromMs: capacityFromMs, untilMs: capacityUntilMs });

  const offeredPerSecond = capacityPerSecond * options.factor;
  progress.phase(`Offering ${Math.round(offeredPerSecond)} orders a second for ${options.seconds} s; the stack does ${Math.round(capacityPerSecond)}`);
  const flooding = new AbortController();
  let latestOrderId = /** @type {string} */ ([...orders.values()].at(-1));
  const fromMs = Date.now();
  const [load, probed, memory] = await Promise.all([
    offerOrders({ ...access, keyPrefix: 'flood', ordersPerSecond: offeredPerSecond, durationMs: options.seconds * 1_000, onAccepted: (orderId) => (latestOrderId = orderId) }).finally(() => flooding.abort()),
    probe({ ...access, latestOrderId: () => latestOrderId, signal: flooding.signal }),
    sampleMemory({ pids: { ...pids, 'load generator': () => process.pid }, trees: new Set(['postgres']), signal: flooding.signal }),
  ]);
  const floodUntilMs = fromMs + options.seconds * 1_000;
  const drainedFromMs = performance.now();

  progress.phase(`Asking again for ${load.ambiguous.length} requests of which it is not known whether they were taken`);
  const resolved = await resolveAmbiguous({ ...access, requests: load.ambiguous });
  progress.phase(`Waiting until ${load.accepted.size + resolved.size} accepted orders have ended`);
  await untilEnded(databaseUrl);
  const drainSeconds = (performance.now() - drainedFromMs) / 1_000;
  const drainedCpu = cpuSeconds(pids);
  const during = await readOrders(databaseUrl, { fromMs, untilMs: Date.now() });
  const ends = await endsBySecond(databaseUrl, { fromMs, untilMs: floodUntilMs });
  const reconciliation = await readReconciliation(stack);
  if (options.pictureFile !== undefined) writeFileSync(options.pictureFile, picture(load, ends, memory, capacityPerSecond, options.seconds));
  const cpuSecondsPer1000 = { before: ((floodCpu - capacityCpu) * 1_000) / options.capacityOrders, during: ((drainedCpu - floodCpu) * 1_000) / Math.max(1, during.durationsMs.length) };
  return overloadFigures({ capacityPerSecond, cpuSecondsPer1000, offeredPerSecond, before, during, endsBySecond: ends, load, resolved, probed, memory, reconciliation, drainSeconds });
}

/** @param {Stack} stack */
async function stockArticles(stack) {
  const { body } = await requestJson(`${stack.urls.gateway}/stock-intakes`, {
    method: 'POST',
    json: { items: OVERLOAD_STOCK },
    headers: { authorization: `Bearer ${stack.keys.operator}`, 'idempotency-key': 'stock-of-the-overload' },
  });
  const running = await awaitClosed(stack, [`stock-intake-${body.intakeId}`], { timeoutMs: 60_000 });
  if (running.length > 0) throw new Error('The stock did not come in within a minute.');
}

/** @param {string} databaseUrl */
async function untilEnded(databaseUrl) {
  const deadlineMs = performance.now() + DRAIN_TIMEOUT_MS;
  while ((await countRunning(databaseUrl)) > 0) {
    if (performance.now() > deadlineMs) return;
    await pause(100);
  }
}

/**
 * @param {Stack} stack
 * @param {import('@backstitch/servers').RedisServer | undefined} redis
 * @returns {Record<string, () => number | undefined>}
 */
function pidsOf(stack, redis) {
  const watched = stack.services.filter(({ service }) => service !== 'stripe-simulator' && service !== 'console');
  return {
    ...Object.fromEntries(watched.map((instance) => [instance.name, () => instance.process.pid])),
    postgres: () => stack.postgres.serverPid(),
    ...(redis === undefined ? {} : { redis: () => redis.pid }),
  };
}

/**
 * @param {import('./overload-load.mjs').LoadResult} load
 * @param {number[]} ends
 * @param {Record<string, number[]>} memory
 * @param {number} capacity
 * @param {number} seconds
 */
function picture(load, ends, memory, capacity, seconds) {
  const within = load.seconds.slice(0, seconds);
  return drawOverload({
    capacity,
    orders: [
      { name: 'refused', colour: '#bbbbbb', values: within.map(({ refused }) => refused) },
      { name: 'accepted', colour: '#1f77b4', values: within.map(({ accepted }) => accepted) },
      { name: 'ended', colour: '#2ca02c', values: ends },
    ],
    memory: Object.entries(memory).map(([name, values], index) => ({ name, colour: /** @type {string} */ (COLOURS[index % COLOURS.length]), values })),
  });
}
