import { seededRandom } from '@backstitch/stack';

/** @typedef {'orchestrator' | 'inventory' | 'payment' | 'fulfilment' | 'gateway'} KilledService */
/** @typedef {Partial<Record<KilledService, number>>} Scale instances of each service; one of those not named */
/** @typedef {'postgres' | 'redis' | KilledService} Kind */
/**
 * What is to happen, and when. All of it is drawn before the run begins, so that the same seed gives the same plan however the run goes.
 *
 * @typedef {object} PlannedKill
 * @property {Kind} kind
 * @property {number} instance from 1
 * @property {number} pauseMs after what was hit before is back
 * @property {number} momentMs after enough orders are in flight, before they are counted again and the kill is done
 * @property {number} downMs
 * @property {boolean} overlaps does not wait until what was hit before is back
 * @property {boolean} feedsOutage a part of its orders comes only after the kill, while it is down
 */
/** @typedef {{ kills: PlannedKill[], flushAfterKill: number | undefined, random: () => number }} KillPlan `flushAfterKill`: Redis is emptied after so many kills */

const SERVICES = /** @type {const} */ (['orchestrator', 'inventory', 'payment', 'fulfilment', 'gateway']);
const MOMENT_MAX_MS = 300;
const FEEDS_OUTAGE_SHARE = 0.5;

/**
 * @param {object} options
 * @param {number} options.seed
 * @param {number} options.kills
 * @param {boolean} options.withRedis
 * @param {Scale} options.instances
 * @param {number} options.pauseMaxMs
 * @param {number} options.downMaxMs
 * @param {number} options.overlapShare
 * @returns {KillPlan} every kind at least once, if there are as many kills; any instance of it
 */
export function planKills({ seed, kills, withRedis, instances, pauseMaxMs, downMaxMs, overlapShare }) {
  const random = seededRandom(seed);
  const below = (/** @type {number} */ bound) => Math.floor(random() * bound);
  /** @type {Kind[]} */
  const kinds = [...SERVICES, 'postgres', ...(withRedis ? /** @type {const} */ (['redis']) : [])];
  const drawn = Array.from({ length: kills }, (_, index) => (index < kinds.length ? undefined : /** @type {Kind} */ (kinds[below(kinds.length)])));
  const each = shuffled(kinds, random);
  const planned = shuffled(drawn.map((kind, index) => kind ?? /** @type {Kind} */ (each[index])), random).map((kind) => ({
    kind,
    instance: 1 + below(kind === 'postgres' || kind === 'redis' ? 1 : (instances[kind] ?? 1)),
    pauseMs: below(pauseMaxMs + 1),
    momentMs: below(MOMENT_MAX_MS),
    downMs: below(downMaxMs + 1),
    overlaps: random() < overlapShare,
    feedsOutage: random() < FEEDS_OUTAGE_SHARE,
  }));
  return { kills: planned, flushAfterKill: withRedis && kills > 0 ? Math.round(kills * (0.2 + 0.6 * random())) : undefined, random };
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {() => number} random
 * @returns {T[]}
 */
function shuffled(items, random) {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
