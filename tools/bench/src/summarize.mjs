import { mean, median, percentile, rounded } from './statistics.mjs';

/** @typedef {import('./arguments.mjs').System} System */
/** @typedef {import('./rounds.mjs').Round & { servers: import('./database-activity.mjs').ServerCounts }} MeasuredRound */
/**
 * What was measured of one system on one backend.
 *
 * @typedef {object} SystemFigures
 * @property {number} ordersPerSecond median of the rounds
 * @property {number[]} ordersPerSecondByRound
 * @property {Record<string, number>} cpuSecondsPer1000 by process, over all rounds, and `total`
 * @property {{ p50: number, p99: number } | null} latencyMs of one order at a time; null if none was measured
 * @property {{ dispatch: number, serve: number, rest: number } | null} latencyPathMs means: from deciding on a step until a service begins, from there until its
 *   outcome is taken in (all steps together), and the rest: the calls, the first and the last commit
 * @property {Record<string, number>} rssMiB most memory resident, by process
 * @property {{ commits: number, walKiB: number, redisCommands: number }} perOrder what the servers counted
 */

/**
 * @param {readonly MeasuredRound[]} rounds of one system, at least one
 * @param {{ latenciesMs: readonly number[], paths: readonly { dispatchMs: number, serveMs: number }[] } | undefined} singles orders one at a time
 * @param {Record<string, number>} peakMiB
 * @returns {SystemFigures}
 */
export function summarizeSystem(rounds, singles, peakMiB) {
  const perSecond = rounds.map(({ orders, seconds }) => orders / seconds);
  const allOrders = rounds.reduce((sum, { orders }) => sum + orders, 0);
  const thousands = allOrders / 1_000;
  /** @param {keyof MeasuredRound['servers']} name */
  const perOrder = (name) => rounds.reduce((sum, { servers }) => sum + servers[name], 0) / allOrders;
  /** @type {Record<string, number>} */
  const cpuSeconds = {};
  for (const round of rounds) for (const [name, seconds] of Object.entries(round.cpuSeconds)) cpuSeconds[name] = (cpuSeconds[name] ?? 0) + seconds;
  const total = Object.values(cpuSeconds).reduce((sum, seconds) => sum + seconds, 0);
  return {
    ordersPerSecond: rounded(median(perSecond), 1),
    ordersPerSecondByRound: perSecond.map((value) => rounded(value, 1)),
    cpuSecondsPer1000: Object.fromEntries([...Object.entries(cpuSeconds), /** @type {const} */ (['total', total])].map(([name, seconds]) => [name, rounded(seconds / thousands, 3)])),
    latencyMs: singles === undefined ? null : { p50: rounded(percentile(singles.latenciesMs, 0.5), 2), p99: rounded(percentile(singles.latenciesMs, 0.99), 2) },
    latencyPathMs: singles === undefined || singles.paths.length === 0 ? null : pathOf(singles),
    rssMiB: Object.fromEntries(Object.entries(peakMiB).map(([name, mebibytes]) => [name, rounded(mebibytes, 0)])),
    perOrder: { commits: rounded(perOrder('commits'), 2), walKiB: rounded(perOrder('walBytes') / 1_024, 2), redisCommands: rounded(perOrder('redisCommands'), 2) },
  };
}

/** @param {{ latenciesMs: readonly number[], paths: readonly { dispatchMs: number, serveMs: number }[] }} singles */
function pathOf({ latenciesMs, paths }) {
  const dispatch = mean(paths.map(({ dispatchMs }) => dispatchMs));
  const serve = mean(paths.map(({ serveMs }) => serveMs));
  // The histories were read of the first ones.
  const whole = mean(latenciesMs.slice(0, paths.length));
  return { dispatch: rounded(dispatch, 2), serve: rounded(serve, 2), rest: rounded(whole - dispatch - serve, 2) };
}

/**
 * How fast the first is, where the second is 1; null if one is missing.
 * @param {SystemFigures | undefined} ours
 * @param {SystemFigures | undefined} raw
 */
export function ratioOf(ours, raw) {
  return ours === undefined || raw === undefined ? null : rounded(ours.ordersPerSecond / raw.ordersPerSecond, 3);
}

/**
 * @param {SystemFigures | undefined} ours
 * @param {SystemFigures | undefined} raw
 */
function cpuRatioOf(ours, raw) {
  const [oursTotal, rawTotal] = [ours?.cpuSecondsPer1000['total'], raw?.cpuSecondsPer1000['total']];
  return oursTotal === undefined || rawTotal === undefined || oursTotal === 0 ? null : rounded(rawTotal / oursTotal, 3);
}

/**
 * @typedef {object} BackendReport as it stands in the JSON file
 * @property {import('./arguments.mjs').Backend} backend
 * @property {number | null} ordersPerSecond
 * @property {number | null} rawBullmqOrdersPerSecond
 * @property {number | null} ratio ours by theirs
 * @property {number | null} cpuRatio what an order costs them by what it costs us, in CPU: what the ratio is worth while others load the machine
 * @property {Record<string, number> | null} cpuSecondsPer1000
 * @property {{ p50: number, p99: number } | null} latencyMs
 * @property {Record<string, number> | null} rssMiB
 * @property {number[]} ordersPerSecondByRound
 * @property {SystemFigures['latencyPathMs']} latencyPathMs
 * @property {SystemFigures['perOrder'] | null} perOrder
 * @property {SystemFigures | null} rawBullmq
 * @property {{ stepMode: import('./arguments.mjs').StepMode, orders: number, rounds: number, concurrency: number }} run
 * @property {{ cores: number, node: string }} machine
 */

/**
 * @param {object} facts
 * @param {import('./arguments.mjs').Backend} facts.backend
 * @param {Partial<Record<System, SystemFigures>>} facts.figures
 * @param {BackendReport['run']} facts.run
 * @param {{ cores: number, node: string }} facts.machine
 * @returns {BackendReport}
 */
export function backendReport({ backend, figures: { backstitch, bullmq }, run, machine }) {
  return {
    backend,
    ordersPerSecond: backstitch?.ordersPerSecond ?? null,
    rawBullmqOrdersPerSecond: bullmq?.ordersPerSecond ?? null,
    ratio: ratioOf(backstitch, bullmq),
    cpuRatio: cpuRatioOf(backstitch, bullmq),
    cpuSecondsPer1000: backstitch?.cpuSecondsPer1000 ?? null,
    latencyMs: backstitch?.latencyMs ?? null,
    rssMiB: backstitch?.rssMiB ?? null,
    ordersPerSecondByRound: backstitch?.ordersPerSecondByRound ?? [],
    latencyPathMs: backstitch?.latencyPathMs ?? null,
    perOrder: backstitch?.perOrder ?? null,
    rawBullmq: bullmq ?? null,
    run,
    machine,
  };
}
