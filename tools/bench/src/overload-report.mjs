import { percentile, rounded } from './statistics.mjs';

/** The first seconds fill the queues and say little of what follows. */
const SETTLING_SECONDS = 5;
/** What garbage collection alone makes of a process' memory. */
const NOISE_MIB = 24;
const NOISE_SHARE = 0.1;

/**
 * @typedef {object} Measured
 * @property {number} capacityPerSecond
 * @property {number} offeredPerSecond
 * @property {{ before: number, during: number }} cpuSecondsPer1000 of the stack, for each thousand orders that ended
 * @property {import('./overload-histories.mjs').Ended} before
 * @property {import('./overload-histories.mjs').Ended} during
 * @property {number[]} endsBySecond
 * @property {import('./overload-load.mjs').LoadResult} load
 * @property {Map<string, string>} resolved
 * @property {{ reads: import('./overload-probes.mjs').Probed, cancellations: import('./overload-probes.mjs').Probed }} probed
 * @property {Record<string, number[]>} memory
 * @property {{ clean: boolean, discrepancies: unknown[] }} reconciliation
 * @property {number} drainSeconds
 */

/** @param {Measured} measured */
export function overloadFigures({ capacityPerSecond, offeredPerSecond, cpuSecondsPer1000, before, during, endsBySecond, load, resolved, probed, memory, reconciliation, drainSeconds }) {
  const settled = endsBySecond.slice(SETTLING_SECONDS);
  const goodput = settled.reduce((sum, ends) => sum + ends, 0) / Math.max(1, settled.length);
  const known = new Set([...load.accepted.values(), ...resolved.values()]);
  const lost = [...load.accepted.values()].filter((orderId) => !during.orderIds.has(orderId));
  const extra = [...during.orderIds].filter((orderId) => !known.has(orderId));
  const refused = Object.values(load.refused).reduce((sum, count) => sum + count, 0);
  return {
    ordersPerSecond: { before: rounded(capacityPerSecond, 1), offered: rounded(offeredPerSecond, 1), during: rounded(goodput, 1), ratio: rounded(goodput / capacityPerSecond, 2) },
    cpuSecondsPer1000: { before: rounded(cpuSecondsPer1000.before, 2), during: rounded(cpuSecondsPer1000.during, 2), efficiency: rounded(cpuSecondsPer1000.before / cpuSecondsPer1000.during, 2) },
    requests: {
      sent: load.sent,
      skippedByGenerator: load.skipped,
      accepted: load.accepted.size,
      refusedByStatus: load.refused,
      otherwise: load.otherwise,
      ambiguous: load.ambiguous.length,
      ambiguousByType: load.unknown,
      refusedWithoutRetryAfter: load.withoutRetryAfter,
      retryAfterSeconds: load.retryAfter,
    },
    answerMs: { accepted: spread(load.latencyMs.accepted), refused: spread(load.latencyMs.refused) },
    orderMs: { before: spread(before.durationsMs), during: spread(during.durationsMs) },
    undoMs: { before: spread(before.undoMs), during: spread(during.undoMs) },
    readMs: { ...spread(probed.reads.latencyMs), statuses: probed.reads.statuses },
    cancellationMs: { ...spread(probed.cancellations.latencyMs), statuses: probed.cancellations.statuses },
    rssMiB: Object.fromEntries(Object.entries(memory).map(([name, samples]) => [name, memoryFigures(samples)])),
    kept: { accepted: load.accepted.size, resolved: resolved.size, found: during.orderIds.size, lost: lost.length, extra: extra.length, running: during.running, byStatus: during.byStatus },
    drainSeconds: rounded(drainSeconds, 1),
    reconciliation: { clean: reconciliation.clean, discrepancies: reconciliation.discrepancies.length },
    isClean: lost.length === 0 && extra.length === 0 && during.running === 0 && reconciliation.clean && load.withoutRetryAfter === 0 && Object.keys(load.otherwise).length === 0 && refused > 0,
  };
}

/** @param {number[]} values */
function spread(values) {
  if (values.length === 0) return { count: 0, p50: 0, p99: 0, max: 0 };
  return { count: values.length, p50: rounded(percentile(values, 0.5), 1), p99: rounded(percentile(values, 0.99), 1), max: rounded(percentile(values, 1), 1) };
}

/**
 * The middle of the span against its last quarter: what still grows then is not bounded by anything that was seen.
 * @param {number[]} samples
 */
function memoryFigures(samples) {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const highest = (/** @type {number[]} */ part) => (part.length === 0 ? 0 : Math.max(...part));
  const [middle, last] = [highest(samples.slice(quarter, -quarter)), highest(samples.slice(-quarter))];
  return { first: rounded(samples[0] ?? 0, 0), max: rounded(highest(samples), 0), growthInLastQuarter: rounded(last - middle, 0), flat: last - middle <= Math.max(NOISE_MIB, middle * NOISE_SHARE) };
}

/** @param {ReturnType<typeof overloadFigures>} figures */
export function printOverload(figures) {
  const { ordersPerSecond: rate, requests, answerMs, orderMs, undoMs, readMs, cancellationMs, kept } = figures;
  /** @param {{ count: number, p50: number, p99: number, max: number }} spread */
  const times = ({ count, p50, p99, max }) => `p50 ${p50}, p99 ${p99}, max ${max} (${count})`;
  const lines = [
    `Orders a second      before ${rate.before}, offered ${rate.offered}, completed meanwhile ${rate.during}: ${rate.ratio} of before`,
    `CPU seconds of the stack per 1,000 orders that ended: before ${figures.cpuSecondsPer1000.before}, meanwhile, refusals included, ${figures.cpuSecondsPer1000.during}: a CPU second does ${figures.cpuSecondsPer1000.efficiency} of what it did before`,
    `Requests             ${requests.sent} sent, ${requests.accepted} accepted, refused ${JSON.stringify(requests.refusedByStatus)}, otherwise ${JSON.stringify(requests.otherwise)}, ambiguous ${requests.ambiguous} ${JSON.stringify(requests.ambiguousByType)}, not sent ${requests.skippedByGenerator}`,
    `Retry-After          missing on ${requests.refusedWithoutRetryAfter}; seconds ${JSON.stringify(requests.retryAfterSeconds)}`,
    `Answers, ms          accepted ${times(answerMs.accepted)}; refused ${times(answerMs.refused)}`,
    `Orders, ms           before ${times(orderMs.before)}; meanwhile ${times(orderMs.during)}`,
    `Undos, ms            before ${times(undoMs.before)}; meanwhile ${times(undoMs.during)}`,
    `Reads, ms            ${times(readMs)} ${JSON.stringify(readMs.statuses)}`,
    `Cancellations, ms    ${times(cancellationMs)} ${JSON.stringify(cancellationMs.statuses)}`,
    ...Object.entries(figures.rssMiB).map(([name, { first, max, growthInLastQuarter, flat }]) => `RSS ${name.padEnd(16)} ${first} at first, ${max} at most, ${growthInLastQuarter} in the last quarter${flat ? '' : '  NOT FLAT'}`),
    `Kept                 ${kept.found} of ${kept.accepted} accepted and ${kept.resolved} resolved; lost ${kept.lost}, extra ${kept.extra}, still running ${kept.running}; ${JSON.stringify(kept.byStatus)}`,
    `Worked off           ${figures.drainSeconds} s after the flood`,
    `Reconciliation       ${figures.reconciliation.clean ? 'clean' : `NOT CLEAN: ${figures.reconciliation.discrepancies}`}`,
  ];
  return `${lines.join('\n')}\n`;
}
