import { setTimeout as delay } from 'node:timers/promises';
import { longestStall } from './stalls.mjs';

/** @typedef {import('./platform-client.mjs').PlatformClient} PlatformClient */
/** @typedef {import('./order-feeder.mjs').OrderFeeder} OrderFeeder */
/** @typedef {import('./conduct-kills.mjs').Kill} Kill */
/** @typedef {import('./stalls.mjs').Stall} Stall */
/** @typedef {{ accepted: number, completed: number, compensated: number, cancelled: number, failed: number, running: number }} OrderCounts `failed`: given up by a person */
/** @typedef {{ workflowId: string, orderId: string, atMs: number, durationMs: number, after: string, before: string, near: string | undefined }} NearStall `atMs` since the import began */
/**
 * The shape of `--json FILE`, less `runs`.
 *
 * @typedef {object} ChaosOutcome
 * @property {boolean} clean every accepted order ended, the accounts are clean, no incident is open
 * @property {string[]} complaints why it is not
 * @property {number} seed
 * @property {'redis' | 'postgres'} backend
 * @property {import('@backstitch/stack').InstanceCounts} instances
 * @property {string} startedAt
 * @property {number} durationMs from the first order to the end of the last
 * @property {Kill[]} kills
 * @property {import('./conduct-kills.mjs').Flush | null} flush of Redis
 * @property {number} longestStallMs the longest time that an order made no progress before it ended
 * @property {NearStall[]} stalls the longest ones of different orders, the longest first
 * @property {OrderCounts} orders
 * @property {OrderCounts} returns
 * @property {{ imports: number, rounds: number, rejectedInvoices: number }} import `rounds`: how often the file was gone through
 * @property {{ clean: boolean, discrepancies: unknown[] } & Record<string, any>} reconciliation
 * @property {unknown[]} incidents that are open
 * @property {{ process: string, atMs: number, message: string }[]} crashes of processes that nobody killed
 * @property {{ startedAtMs: number, closedAtMs: number | undefined }[]} runs of orders, since the import began; for the picture
 * @property {string} directory of logs and data
 */

const POLL_INTERVAL_MS = 250;
const PROGRESS_INTERVAL_MS = 5_000;
const STALLS_SHOWN = 5;
const HISTORIES_AT_A_TIME = 8;
/** A stall may begin so long before a kill that causes it: an event bears the time of its turn, not of its commit. */
const NEAR_MS = 1_000;

/**
 * Waits until all imports and all runs have ended, or the time is up.
 *
 * @param {{ client: PlatformClient, feeder: OrderFeeder, timeoutMs: number, onProgress: (message: string) => void, signal: AbortSignal }} options
 * @returns {Promise<void>}
 */
export async function settle({ client, feeder, timeoutMs, onProgress, signal }) {
  await feeder.uploaded();
  const deadlineMs = Date.now() + timeoutMs;
  const open = new Set(feeder.importIds);
  let shownAtMs = Date.now();
  while (Date.now() < deadlineMs) {
    for (const importId of [...open]) {
      const { status } = await client.readImport(importId);
      if (status !== 'completed' && status !== 'failed') break;
      open.delete(importId);
    }
    const running = open.size === 0 ? (await client.listRuns({ status: 'RUNNING' })).length : undefined;
    if (running === 0) return;
    if (Date.now() - shownAtMs > PROGRESS_INTERVAL_MS) {
      shownAtMs = Date.now();
      onProgress(`  ${open.size} imports and ${running ?? (await client.countInFlight())} orders and returns have not ended`);
    }
    await delay(POLL_INTERVAL_MS, undefined, { signal });
  }
}

/**
 * @param {object} options
 * @param {PlatformClient} options.client
 * @param {OrderFeeder} options.feeder
 * @param {import('./conduct-kills.mjs').Conducted} options.conducted
 * @param {number} options.startedAtMs
 * @param {ChaosOutcome['crashes']} options.crashes
 * @param {Pick<ChaosOutcome, 'seed' | 'backend' | 'instances' | 'directory'>} options.settings
 * @returns {Promise<ChaosOutcome>}
 */
export async function collectOutcome({ client, feeder, conducted: { kills, flush, gaveUp }, startedAtMs, crashes, settings }) {
  const orderRuns = await client.listRuns({ workflowType: 'orderWorkflow' });
  const orders = countRuns(orderRuns);
  const returns = countRuns(await client.listRuns({ workflowType: 'returnWorkflow' }));
  const imports = await Promise.all([...feeder.importIds].map((importId) => client.readImport(importId)));
  const total = (/** @type {(view: any) => number} */ read) => imports.reduce((sum, view) => sum + read(view), 0);
  const placed = { orders: total(({ outcome }) => outcome.orders.accepted), returns: total(({ outcome }) => outcome.returns.accepted) };
  const incidents = await client.listOpenIncidents();
  const reconciliation = await client.reconcile();
  const stalls = await longestStalls(client, orderRuns, { kills, flush, startedAtMs });
  const { completed, compensated, cancelled, failed } = orders;
  const complaints = [
    ...(gaveUp === undefined ? [] : [gaveUp]),
    ...(orders.running + returns.running > 0 ? [`${orders.running} orders and ${returns.running} returns have not ended.`] : []),
    ...(orders.failed + returns.failed > 0 ? [`${orders.failed} orders and ${returns.failed} returns failed.`] : []),
    ...(placed.orders === orders.accepted && placed.returns === returns.accepted
      ? []
      : [`The gateway accepted ${placed.orders} orders and ${placed.returns} returns, the orchestrator knows ${orders.accepted} and ${returns.accepted}.`]),
    ...imports.filter(({ status }) => status !== 'completed').map(({ importId, status, failure }) => `Import ${importId} is ${status}${failure === null ? '' : `: ${failure}`}.`),
    ...(incidents.length > 0 ? [`${incidents.length} incidents are open.`] : []),
    ...(reconciliation.clean ? [] : [`The accounts are not clean: ${reconciliation.discrepancies.length} discrepancies.`]),
  ];
  return {
    clean: complaints.length === 0 && completed + compensated + cancelled + failed === orders.accepted,
    complaints,
    ...settings,
    startedAt: new Date(startedAtMs).toISOString(),
    durationMs: Math.max(0, ...orderRuns.map(({ closedAtMs }) => (closedAtMs ?? Date.now()) - startedAtMs)),
    kills,
    flush: flush ?? null,
    longestStallMs: stalls[0]?.durationMs ?? 0,
    stalls,
    orders,
    returns,
    import: { imports: imports.length, rounds: feeder.rounds, rejectedInvoices: total(({ outcome }) => outcome.rejected.invoices) },
    reconciliation,
    incidents,
    crashes,
    runs: orderRuns.map((run) => ({ startedAtMs: run.startedAtMs - startedAtMs, closedAtMs: run.closedAtMs === undefined ? undefined : run.closedAtMs - startedAtMs })),
  };
}

/**
 * @param {readonly import('@backstitch/protocol').WorkflowSummary[]} runs
 * @returns {OrderCounts}
 */
function countRuns(runs) {
  const counts = { accepted: runs.length, completed: 0, compensated: 0, cancelled: 0, failed: 0, running: 0 };
  for (const run of runs) counts[endingOf(run)] += 1;
  return counts;
}

/**
 * @param {import('@backstitch/protocol').WorkflowSummary} run
 * @returns {Exclude<keyof OrderCounts, 'accepted'>}
 */
function endingOf({ status, searchAttributes }) {
  switch (status) {
    case 'RUNNING':
      return 'running';
    case 'COMPLETED':
      return Object.values(searchAttributes).some((values) => values.includes('compensated')) ? 'compensated' : 'completed';
    case 'CANCELED':
      return 'cancelled';
    default:
      return 'failed';
  }
}

/**
 * @param {PlatformClient} client
 * @param {readonly import('@backstitch/protocol').WorkflowSummary[]} runs
 * @param {{ kills: readonly Kill[], flush: import('./conduct-kills.mjs').Flush | undefined, startedAtMs: number }} run
 * @returns {Promise<NearStall[]>}
 */
async function longestStalls(client, runs, { kills, flush, startedAtMs }) {
  const waiting = [...runs];
  /** @type {Stall[]} */
  let longest = [];
  await Promise.all(
    Array.from({ length: HISTORIES_AT_A_TIME }, async () => {
      for (let run = waiting.pop(); run !== undefined; run = waiting.pop()) {
        const stall = longestStall(run.workflowId, await client.readHistory(run.workflowId), Date.now());
        longest = [...longest, stall].sort((a, b) => b.durationMs - a.durationMs).slice(0, STALLS_SHOWN);
      }
    }),
  );
  const hits = [...kills, ...(flush === undefined ? [] : [{ ...flush, process: 'redis (emptied)' }])];
  return longest.map(({ workflowId, fromMs, durationMs, after, before }) => {
    const atMs = fromMs - startedAtMs;
    const during = hits.filter((hit) => hit.atMs >= atMs - NEAR_MS && hit.atMs <= atMs + durationMs).sort((a, b) => a.atMs - b.atMs);
    return { workflowId, orderId: workflowId.replace(/^order-/, ''), atMs, durationMs, after, before, near: during.length === 0 ? undefined : during.map((hit) => hit.process).join(', ') };
  });
}
