import { join } from 'node:path';
import { WORKSPACE } from './workspace.mjs';

/** @typedef {'stripe-simulator' | 'gateway' | 'orchestrator' | 'inventory' | 'payment' | 'fulfilment' | 'console'} ServiceName */

/** Ports that are taken if they are free. */
export const DEFAULT_PORTS = /** @type {const} */ ({
  gateway: 3000,
  orchestrator: 3001,
  inventory: 3002,
  payment: 3003,
  fulfilment: 3004,
  console: 3005,
  'stripe-simulator': 3006,
});

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
 * @property {Record<ServiceName, number>} ports
 * @property {Record<string, string>} databaseUrls by role
 * @property {string} [redisUrl]
 * @property {string} queuePrefix
 * @property {string} controlToken
 * @property {string} [consoleKeySha256]
 * @property {NodeJS.ProcessEnv} [extra] for every service
 */

/**
 * @param {ServiceName} name
 * @returns {string[]} arguments of `node`
 */
export function commandOf(name) {
  return ['--enable-source-maps', join(WORKSPACE, 'dist', name === 'stripe-simulator' ? 'tools' : 'apps', name, 'main.js')];
}

/**
 * The whole environment of a service: nothing of the user's own leaks into it but the path and the like.
 *
 * @param {ServiceName} name
 * @param {Wiring} wiring
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentOf(name, wiring) {
  const { directory, host, ports, databaseUrls, redisUrl, queuePrefix, controlToken, consoleKeySha256, extra } = wiring;
  const passedOn = Object.fromEntries(['PATH', 'HOME', 'TMPDIR', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'LOG_LEVEL'].map((variable) => [variable, process.env[variable]]));
  const common = { ...passedOn, NODE_ENV: 'production', TZ: 'UTC', LC_ALL: 'C', HOST: host, PORT: String(ports[name]), ...extra };
  const database = { DATABASE_URL: databaseUrls[name] };
  const queues = { ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }), QUEUE_PREFIX: queuePrefix };
  const control = { CONTROL_TOKEN: controlToken };
  const controlClient = { ...control, CONTROL_URL: `http://${reachable(host)}:${ports.orchestrator}` };
  switch (name) {
    case 'gateway':
      return { ...common, ...database, ...controlClient, AUDITOR_DATABASE_URL: databaseUrls.auditor };
    case 'orchestrator':
      return { ...common, ...database, ...queues, ...control };
    case 'inventory':
      return { ...common, ...database, ...queues };
    case 'payment':
      // Never the user's own Stripe account: sample orders are played.
      return { ...common, ...database, ...queues, STRIPE_API_KEY: 'sk_test_simulator', STRIPE_API_BASE: `http://${reachable(host)}:${ports['stripe-simulator']}` };
    case 'fulfilment':
      return { ...common, ...database, ...queues, COUNTRIES_NOT_SERVED: COUNTRY_NOT_SERVED };
    case 'console':
      return { ...common, ...database, ...queues, ...controlClient, CONSOLE_KEY_SHA256: consoleKeySha256, STACK_HEALTH_URLS: healthUrls(wiring) };
    case 'stripe-simulator':
      return { ...common, JOURNAL_FILE: join(directory, 'stripe-simulator.journal') };
  }
}

/**
 * Where to reach what listens on `host`.
 * @param {string} host
 */
export function reachable(host) {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

/** @param {Wiring} wiring */
function healthUrls({ host, ports }) {
  return Object.entries(ports)
    .filter(([name]) => name !== 'console' && name !== 'orchestrator' && name !== 'stripe-simulator' && name !== 'postgres')
    .map(([name, port]) => `${name}=http://${reachable(host)}:${port}`)
    .join();
}
