import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@backstitch/servers';
import { buildPlatform, startStack } from '@backstitch/stack';
import { conductKills } from './conduct-kills.mjs';
import { collectOutcome, settle } from './outcome.mjs';
import { planKills } from './kill-plan.mjs';
import { madeUpOrders } from './made-up-orders.mjs';
import { OrderFeeder } from './order-feeder.mjs';
import { readOrders, readOrdersFile } from './order-chunks.mjs';
import { PlatformClient } from './platform-client.mjs';
import { Victims } from './victims.mjs';

/** @typedef {import('./kill-plan.mjs').Scale} Scale */
/** @typedef {import('./outcome.mjs').ChaosOutcome} ChaosOutcome */
/**
 * @typedef {object} ChaosOptions
 * @property {number} seed what is killed, and when
 * @property {number} kills
 * @property {'redis' | 'postgres'} backend where the queues are; for `redis` a server is started
 * @property {string} [ordersFile] .csv or .csv.gz; absent: made-up orders
 * @property {number} [stockPerSku] pieces that each SKU starts with. Default 1,000, or 7 for each kill with made-up orders: some orders fail and are undone
 * @property {Scale} [instances] Default: two orchestrators and two of each service
 * @property {number} [inFlightMin] orders that must be in flight at a kill. Default 20
 * @property {number} [pauseMaxMs] before a kill, at random, once what was hit before is back. Default 2,000
 * @property {number} [downMaxMs] that something stays down, at random. Default 3,000
 * @property {number} [overlapShare] of kills that do not wait until what was hit before is back. Default 0.25
 * @property {number} [settleTimeoutMs] for all orders to end after the last kill. Default 300,000
 * @property {boolean} [keep] keep logs and data also when all went well
 * @property {(message: string) => void} [onProgress] what is being done, in plain words
 * @property {(kill: import('./conduct-kills.mjs').Kill) => void} [onKill] once it is back
 * @property {AbortSignal} [signal] gives the run up
 */

/** What each SKU of a file starts with: of a month of real orders about a quarter find too little. */
export const STOCK_DEFAULT = 1_000;
/** Made-up orders for one kill, and pieces of each of their SKUs. */
const INVOICES_PER_KILL = 50;
const STOCK_PER_KILL = 7;

/**
 * Brings up a stack of its own in a temporary directory, imports orders while its processes are killed, waits until all have ended and settles the accounts.
 *
 * @param {ChaosOptions} options
 * @returns {Promise<ChaosOutcome>} also if it is not clean; then logs and data are kept where `directory` says
 */
export async function runChaos(options) {
  const { seed, kills, backend, ordersFile, pauseMaxMs = 2_000, downMaxMs = 3_000, overlapShare = 0.25, onProgress = () => undefined } = options;
  const instances = options.instances ?? { orchestrator: 2, inventory: 2, payment: 2, fulfilment: 2 };
  const signal = options.signal ?? new AbortController().signal;
  const file = ordersFile === undefined ? readOrders(madeUpOrders(INVOICES_PER_KILL * Math.max(1, kills), seed)) : await readOrdersFile(ordersFile);
  const stockPerSku = options.stockPerSku ?? (ordersFile === undefined ? STOCK_PER_KILL * kills : STOCK_DEFAULT);
  const plan = planKills({ seed, kills, withRedis: backend === 'redis', instances, pauseMaxMs, downMaxMs, overlapShare });
  await buildPlatform({ onStart: () => onProgress('Building the services') });

  const directory = mkdtempSync(join(tmpdir(), 'backstitch-chaos-'));
  chmodSync(directory, 0o755);
  onProgress(`Logs and data are in ${directory}`);
  const redis = backend === 'redis' ? await startRedis({ directory: join(directory, 'redis') }) : undefined;
  /** @type {{ process: string, atMs: number, message: string }[]} */
  const crashes = [];
  let clean = false;
  let startedAtMs = Date.now();
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  /** @type {import('@backstitch/stack').Stack | undefined} */
  let stack;
  try {
    stack = await startStack({
      directory: join(directory, 'stack'),
      redisUrl: redis?.url,
      instances,
      anyPort: true,
      // A service that ends by itself though nobody killed it is told of in the outcome; it should not end the run, which may show more.
      restartsMax: 30,
      onProgress: (message) => {
        const [, name = ''] = /^(\S+) ended /.exec(message) ?? [];
        if (name !== '') crashes.push({ process: name, atMs: Date.now() - startedAtMs, message });
      },
      onFailure: (error) => failed.abort(error),
      signal: either,
    });
    const client = new PlatformClient(stack, either);
    const feeder = new OrderFeeder(client, { file, stockPerSku });
    startedAtMs = Date.now();
    onProgress('Everything is up');
    const conducted = await conductKills({
      plan,
      feeder,
      client,
      victims: new Victims(stack, redis),
      redis,
      inFlightMin: options.inFlightMin ?? 20,
      startedAtMs,
      signal: either,
      onKill: options.onKill ?? (() => undefined),
    });
    onProgress('All kills are done: waiting until every order has ended');
    await settle({ client, feeder, timeoutMs: options.settleTimeoutMs ?? 300_000, onProgress, signal: either });
    const outcome = await collectOutcome({ client, feeder, conducted, startedAtMs, crashes, settings: { seed, backend, instances, directory } });
    clean = outcome.clean;
    return outcome;
  } finally {
    // What is stopped without grace is stopped sooner; nothing here is to be used again.
    await stack?.stop();
    await redis?.stop();
    if ((clean || signal.aborted) && options.keep !== true) rmSync(directory, { recursive: true, force: true });
  }
}
