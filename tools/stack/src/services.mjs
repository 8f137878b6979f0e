import { join } from 'node:path';
import { WORKSPACE } from './workspace.mjs';

/** @typedef {'stripe-simulator' | 'gateway' | 'orchestrator' | 'inventory' | 'payment' | 'fulfilment' | 'console'} ServiceName */

/** Ports that are taken if they are free; each further instance of a service prefers the port ten above the one before. */
export const DEFAULT_PORTS = /** @type {const} */ ({
  gateway: 3000,
  orchestrator: 3001,
  inventory: 3002,
  payment: 3003,
  fulfilment: 3004,
  console: 3005,
  'stripe-simulator': 3006,
});

/** Services of which several instances may run side by side. */
export const SCALABLE = /** @type {const} */ (['orchestrator', 'inventory', 'payment', 'fulfilment', 'gateway']);
export const INSTANCES_MAX = 9;

/** @typedef {Partial<Record<ServiceName, number>>} InstanceCounts how many of each; 1 of those not named */
/** @typedef {{ service: ServiceName, number: number, name: string }} Instance `name`: `orchestrator` for the first, `orchestrator-2` for the second … */

/**
 * All instances of one service, the first one first.
 * @param {ServiceName} service
 * @param {InstanceCounts} [counts]
 * @returns {Instance[]}
 */
export function instancesOf(service, counts = {}) {
  return Array.from({ length: counts[service] ?? 1 }, (_, index) => ({ service, number: index + 1, name: instanceName(service, index + 1) }));
}

/**
 * @param {ServiceName} service
 * @param {number} number from 1
 */
export function instanceName(service, number) {
  return number === 1 ? service : `${service}-${number}`;
}

/**
 * @param {InstanceCounts} counts
 * @throws {RangeError} if one of them cannot be
 */
export function checkInstanceCounts(counts) {
  for (const [service, count] of Object.entries(counts)) {
    if (!Object.hasOwn(DEFAULT_PORTS, service)) throw new RangeError(`There is no service ${service}.`);
    const scalable = SCALABLE.some((name) => name === service);
    if (!scalable && count !== 1) throw new RangeError(`There is one ${service} only; several can be of ${SCALABLE.join(', ')}.`);
    if (!Number.isInteger(count) || count < 1 || count > INSTANCES_MAX) throw new RangeError(`Of ${service} there can be 1 to ${INSTANCES_MAX} instances, not ${count}.`);
  }
}

/**
 * Of Node's young generation, by service; the others have Node's own. The orchestrator keeps its runs in memory, and so has half of what the others have.
 *
 * @type {Partial<Record<ServiceName, number>>}
 */
const SEMI_SPACE_MIB = { orchestrator: 32, inventory: 64, payment: 64, fulfilment: 64 };

/** The services in the order in which they are stopped: what takes orders in first, what works on them after, what they lean on last. */
export const STOP_ORDER = /** @type {ServiceName[][]} */ ([['gateway', 'console'], ['orchestrator'], ['inventory', 'payment', 'fulfilment'], ['stripe-simulator']]);

/** The country that fulfilment does not serve here; no real one, so that imports of real orders are not refused. */
export const COUNTRY_NOT_SERVED = 'Atlantis';

/**
 * What the services are told.
 *
 * @typedef {object} Wiring
 * @property {string} directory where the simulator remembers charges over a restart
 * @property {string} host
 * @property {Record<string, number>} ports by instance name
 * @property {InstanceCounts} [instances]
 * @property {Record<string, string>} databaseUrls by role
 * @property {string} [redisUrl]
 * @property {string} queuePrefix
 * @property {string} controlToken
 * @property {string} [consoleKeySha256]
 * @property {NodeJS.ProcessEnv} [extra] for every service
 */

/**
 * @param {ServiceName} name
 * @param {string} [program] default: the built one
 * @returns {string[]} arguments of `node`
 */
export function commandOf(name, program) {
  // As the images start them: see their Dockerfiles.
  const semiSpaceMiB = SEMI_SPACE_MIB[name];
  const flags = semiSpaceMiB === undefined ? [] : [`--max-semi-space-size=${semiSpaceMiB}`];
  return ['--enable-source-maps', ...flags, program ?? join(WORKSPACE, 'dist', name === 'stripe-simulator' ? 'tools' : 'apps', name, 'main.js')];
}

/**
 * The whole environment of an instance: nothing of the user's own leaks into it but the path and the like.
 *
 * @param {Instance} instance
 * @param {Wiring} wiring
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentOf({ service, name }, wiring) {
  const { directory, host, ports, databaseUrls, redisUrl, queuePrefix, controlToken, consoleKeySha256, extra } = wiring;
  const passedOn = Object.fromEntries(['PATH', 'HOME', 'TMPDIR', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'LOG_LEVEL'].map((variable) => [variable, process.env[variable]]));
  const common = { ...passedOn, NODE_ENV: 'production', TZ: 'UTC', LC_ALL: 'C', HOST: host, PORT: String(ports[name]), ...extra };
  const database = { DATABASE_URL: databaseUrls[service] };
  const queues = { ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }), QUEUE_PREFIX: queuePrefix };
  const control = { CONTROL_TOKEN: controlToken };
  const controlClient = { ...control, CONTROL_URL: instancesOf('orchestrator', wiring.instances).map((orchestrator) => urlOf(orchestrator.name, wiring)).join() };
  switch (service) {
    case 'gateway':
      return { ...common, ...database, ...controlClient, AUDITOR_DATABASE_URL: databaseUrls.auditor };
    case 'orchestrator':
      return { ...common, ...database, ...queues, ...control, CONTROL_ADVERTISE_URL: urlOf(name, wiring) };
    case 'inventory':
      return { ...common, ...database, ...queues };
    case 'payment':
      // Never the user's own Stripe account: sample orders are played.
      return { ...common, ...database, ...queues, STRIPE_API_KEY: 'sk_test_simulator', STRIPE_API_BASE: urlOf('stripe-simulator', wiring) };
    case 'fulfilment':
      return { ...common, ...database, ...queues, COUNTRIES_NOT_SERVED: COUNTRY_NOT_SERVED };
    case 'console':
      return { ...common, ...database, ...queues, ...controlClient, CONSOLE_KEY_SHA256: consoleKeySha256, STACK_HEALTH_URLS: healthUrls(wiring) };
    case 'stripe-simulator':
      return { ...common, JOURNAL_FILE: join(directory, 'stripe-simulator.journal') };
  }
}

/**
 * Base URL of an instance.
 * @param {string} name
 * @param {Pick<Wiring, 'host' | 'ports'>} wiring
 */
export function urlOf(name, { host, ports }) {
  return `http://${reachable(host)}:${ports[name]}`;
}

/**
 * Where to reach what listens on `host`.
 * @param {string} host
 */
function reachable(host) {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

/** @param {Wiring} wiring */
function healthUrls(wiring) {
  const watched = /** @type {ServiceName[]} */ (['gateway', 'inventory', 'payment', 'fulfilment']).flatMap((service) => instancesOf(service, wiring.instances));
  return watched.map(({ name }) => `${name}=${urlOf(name, wiring)}`).join();
}
