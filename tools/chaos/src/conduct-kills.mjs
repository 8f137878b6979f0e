import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {import('@backstitch/servers').RedisServer} RedisServer */
/** @typedef {import('./order-feeder.mjs').OrderFeeder} OrderFeeder */
/** @typedef {import('./platform-client.mjs').PlatformClient} PlatformClient */
/**
 * @typedef {object} Kill
 * @property {number} atMs since the import began
 * @property {string} process
 * @property {number} inFlight orders that were accepted and had not ended, counted directly before
 * @property {number} downMs how long it stayed down before it was started again
 * @property {number} backAfterMs from the kill until it was ready again
 */
/** @typedef {{ atMs: number, inFlight: number }} Flush */
/**
 * @typedef {object} ConductOptions
 * @property {import('./kill-plan.mjs').KillPlan} plan
 * @property {OrderFeeder} feeder
 * @property {PlatformClient} client
 * @property {import('./victims.mjs').Victims} victims
 * @property {RedisServer | undefined} redis
 * @property {number} inFlightMin
 * @property {number} startedAtMs
 * @property {AbortSignal} signal
 * @property {(kill: Kill) => void} onKill
 */
/** @typedef {{ kills: Kill[], flush: Flush | undefined, gaveUp: string | undefined }} Conducted `gaveUp`: why not all kills were done */

/** Orders that a chunk has at most, and at least. */
const CHUNK_SALES_MAX = 60;
const CHUNK_SALES_MIN = 28;
/** No more is released while so many orders are in flight. */
const IN_FLIGHT_MAX = 120;
const POLL_INTERVAL_MS = 15;
/** What was released has had its time to be accepted: more must come if there is still too little in flight. */
const RELEASE_TIMEOUT_MS = 3_000;
const DRAIN_TIMEOUT_MS = 20_000;
/** A platform in which it takes longer until enough orders are in flight does not work any more. */
const IN_FLIGHT_TIMEOUT_MS = 120_000;

/** So few orders are in flight, for so long, that the kills are given up. */
class TooFewInFlightError extends Error {
  code = 'TOO_FEW_IN_FLIGHT';
}

/**
 * Releases the orders, spread over the kills, and kills what the plan says. Before each kill so many are released that enough are in flight, and it waits until they
 * are; at some kills the others of its share come while something is down. A file that is used up too early begins again under other invoice numbers.
 *
 * @param {ConductOptions} options
 * @returns {Promise<Conducted>}
 */
export async function conductKills({ plan, feeder, client, victims, redis, inFlightMin, startedAtMs, signal, onKill }) {
  /** @type {Kill[]} */
  const kills = [];
  /** @type {Flush | undefined} */
  let flush;
  /** @type {Set<Promise<void>>} */
  const returning = new Set();
  const allBack = async () => void (await Promise.all(returning));

  try {
    for (const [index, planned] of plan.kills.entries()) {
      if (!planned.overlaps) await allBack();
      await delay(planned.pauseMs, undefined, { signal });
      const heldBack = await releaseShare(plan.kills.length - index + 1, planned);
      await killWhenInFlight(planned);
      if (heldBack > 0) feeder.release(heldBack);
      if (index + 1 === plan.flushAfterKill && redis !== undefined) await flushRedis(redis, planned.momentMs);
    }
  } catch (error) {
    if (!(error instanceof TooFewInFlightError)) throw error;
    await allBack();
    return { kills, flush, gaveUp: error.message };
  }
  await allBack();
  while (!feeder.isUsedUp) {
    feeder.release(CHUNK_SALES_MAX);
    await feeder.uploaded();
    await untilDrained();
  }
  return { kills, flush, gaveUp: undefined };

  /**
   * @param {RedisServer} server
   * @param {number} momentMs
   */
  async function flushRedis(server, momentMs) {
    await allBack();
    const inFlight = await untilInFlight(momentMs);
    await server.flushAll();
    flush = { atMs: Date.now() - startedAtMs, inFlight };
  }

  /**
   * Releases this kill's share of the file; a large one in several chunks, after any of which the kill may come.
   *
   * @param {number} shares
   * @param {import('./kill-plan.mjs').PlannedKill} planned
   * @returns {Promise<number>} sales that are to be released once it is killed
   */
  async function releaseShare(shares, { momentMs, feedsOutage }) {
    const share = Math.floor(feeder.salesLeft / shares);
    const chunks = Math.max(1, Math.ceil(share / CHUNK_SALES_MAX));
    for (let released = 0; ; released += 1) {
      const chunk = Math.max(CHUNK_SALES_MIN, Math.min(CHUNK_SALES_MAX, share));
      const isLast = released === momentMs % chunks;
      feeder.release(isLast && feedsOutage ? CHUNK_SALES_MIN : chunk);
      if (isLast) return feedsOutage ? chunk - CHUNK_SALES_MIN : 0;
      await feeder.uploaded();
      await untilDrained();
    }
  }

  async function untilDrained() {
    const deadlineMs = Date.now() + DRAIN_TIMEOUT_MS;
    while (Date.now() < deadlineMs && (await client.countInFlight()) > IN_FLIGHT_MAX) await delay(POLL_INTERVAL_MS * 4, undefined, { signal });
  }

  /**
   * Waits until enough is in flight, for a random moment, and until there still is.
   *
   * @param {number} momentMs
   * @returns {Promise<number>} how many orders, counted just now
   * @throws {TooFewInFlightError}
   */
  async function untilInFlight(momentMs) {
    const deadlineMs = Date.now() + IN_FLIGHT_TIMEOUT_MS;
    let releasedAtMs = Date.now();
    let hasWaited = false;
    for (;;) {
      const inFlight = await client.countInFlight();
      if (inFlight >= inFlightMin) {
        if (hasWaited) return inFlight;
        hasWaited = true;
        await delay(momentMs, undefined, { signal });
        continue;
      }
      if (Date.now() > deadlineMs) {
        throw new TooFewInFlightError(`Only ${inFlight} orders were in flight for ${IN_FLIGHT_TIMEOUT_MS / 1_000} s: kill ${kills.length + 1} and those after it were not done.`);
      }
      if (feeder.uploading === 0 && Date.now() - releasedAtMs > (hasWaited ? 0 : RELEASE_TIMEOUT_MS)) {
        feeder.release(CHUNK_SALES_MIN);
        releasedAtMs = Date.now();
        hasWaited = false;
        // The platform is fast: it would only be missed again, and the file be used up too early.
        momentMs = 0;
      }
      await delay(POLL_INTERVAL_MS, undefined, { signal });
    }
  }

  /** @param {import('./kill-plan.mjs').PlannedKill} planned */
  async function killWhenInFlight(planned) {
    for (let momentMs = planned.momentMs; ; momentMs = 0) {
      const inFlight = await untilInFlight(momentMs);
      const killedAtMs = Date.now();
      const back = victims.kill(planned, signal);
      if (back === undefined) {
        // It was hit a moment ago and does not run yet.
        await allBack();
        await delay(POLL_INTERVAL_MS * 10, undefined, { signal });
        continue;
      }
      const kill = { atMs: killedAtMs - startedAtMs, process: victims.nameOf(planned), inFlight, downMs: planned.downMs, backAfterMs: 0 };
      kills.push(kill);
      const returned = back.then(() => {
        kill.backAfterMs = Date.now() - killedAtMs;
        returning.delete(returned);
        onKill(kill);
      });
      // Whoever waits for all gets the failure.
      returned.catch(() => undefined);
      returning.add(returned);
      return;
    }
  }
}
