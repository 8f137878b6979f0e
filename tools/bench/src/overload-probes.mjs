import { setTimeout as pause } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import { readProcessTable, treeMemoryMiB, treeSeconds } from './process-usage.mjs';

const PROBES_PER_SECOND = 5;
const TIMEOUT_MS = 10_000;
const SAMPLE_MS = 1_000;

/** @typedef {{ latencyMs: number[], statuses: Record<string, number> }} Probed */

/**
 * Reads orders, lists them and cancels one now and then (the one that was accepted last), until it is told to stop: what must go on while starts are refused.
 *
 * @param {{ url: string, apiKey: string, latestOrderId: () => string, signal: AbortSignal }} options
 * @returns {Promise<{ reads: Probed, cancellations: Probed }>}
 */
export async function probe({ url, apiKey, latestOrderId, signal }) {
  const pool = new Pool(url, { connections: 4, pipelining: 1 });
  const probed = { reads: emptyProbe(), cancellations: emptyProbe() };
  for (let turn = 0; !signal.aborted; turn += 1) {
    const orderId = latestOrderId();
    const [kind, method, path] = turn % 10 === 0 ? [probed.cancellations, 'POST', `/orders/${orderId}/cancel`] : [probed.reads, 'GET', turn % 10 === 1 ? '/orders?pageSize=20' : `/orders/${orderId}`];
    const startedAtMs = performance.now();
    try {
      const response = await pool.request({ method, path, headers: { authorization: `Bearer ${apiKey}` }, headersTimeout: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) });
      await response.body.dump();
      kind.statuses[response.statusCode] = (kind.statuses[response.statusCode] ?? 0) + 1;
      kind.latencyMs.push(performance.now() - startedAtMs);
    } catch {
      kind.statuses['no answer'] = (kind.statuses['no answer'] ?? 0) + 1;
    }
    await pause(1_000 / PROBES_PER_SECOND);
  }
  await pool.close();
  return probed;
}

/** @returns {Probed} */
function emptyProbe() {
  return { latencyMs: [], statuses: {} };
}

/**
 * Samples the memory of processes until it is told to stop, in MiB.
 *
 * @param {{ pids: Record<string, () => number | undefined>, trees: ReadonlySet<string>, signal: AbortSignal }} options `trees`: those of which the children count too
 * @returns {Promise<Record<string, number[]>>}
 */
export async function sampleMemory({ pids, trees, signal }) {
  /** @type {Record<string, number[]>} */
  const samples = Object.fromEntries(Object.keys(pids).map((name) => [name, []]));
  while (!signal.aborted) {
    for (const [name, pidOf] of Object.entries(pids)) {
      const pid = pidOf();
      if (pid === undefined) continue;
      try {
        samples[name]?.push(trees.has(name) ? treeMemoryMiB(pid) : residentMiB(pid));
      } catch {
        // It is being started again.
      }
    }
    await pause(SAMPLE_MS);
  }
  return samples;
}

/**
 * CPU seconds of all these processes and what they started, since their beginning.
 * @param {Record<string, () => number | undefined>} pids
 */
export function cpuSeconds(pids) {
  const roots = Object.values(pids).flatMap((pidOf) => pidOf() ?? []);
  return treeSeconds(roots, readProcessTable()).reduce((sum, seconds) => sum + seconds, 0);
}

/** @param {number} pid */
function residentMiB(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}
