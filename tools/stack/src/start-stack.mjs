import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { bootstrapDatabase, ROLES } from '@backstitch/database';
import { startEmbeddedPostgres } from '@backstitch/servers';
import { readOrMakeKeys } from './api-keys.mjs';
import { choosePorts } from './choose-ports.mjs';
import { ManagedProcess } from './managed-process.mjs';
import { reachRedis } from './reach-redis.mjs';
import { checkInstanceCounts, commandOf, DEFAULT_PORTS, environmentOf, instanceName, instancesOf, STOP_ORDER, urlOf } from './services.mjs';
import { StackLock } from './stack-lock.mjs';
import { dataDirectoryOf, prepareStateDirectory, readOrMakeSecrets } from './state-directory.mjs';
import { waitUntil } from './wait-until.mjs';

/** @typedef {import('./services.mjs').ServiceName} ServiceName */
/** @typedef {import('./services.mjs').Instance} Instance */
/** @typedef {Instance & { url: string, process: ManagedProcess }} RunningInstance */
/**
 * @typedef {object} StackOptions
 * @property {string} directory for data, logs and keys; made if missing
 * @property {string} [redisUrl] queues on that Redis; absent: on Postgres
 * @property {string} [queuePrefix] of the keys in Redis. Default `backstitch`
 * @property {string} [host] Default 127.0.0.1
 * @property {import('./services.mjs').InstanceCounts} [instances] how many processes of each service; several can be of orchestrator, inventory, payment, fulfilment and gateway. Default 1
 * @property {number} [restartsMax] crashes of one process within a minute after which one more ends the stack; {@link ManagedProcess.kill} is none. Default 5
 * @property {Partial<Record<ServiceName | 'postgres', number>>} [ports] preferred ports; each is replaced by a free one if it is taken. Further instances prefer 10, 20 … above. Default 3000 and up; `{}` with `anyPort`
 * @property {boolean} [anyPort] true: any free ports, for tests
 * @property {boolean} [durable] false turns Postgres' fsync off, for tests. Default true
 * @property {Partial<Record<ServiceName, NodeJS.ProcessEnv>>} [environment] further variables of a service, all its instances
 * @property {Partial<Record<ServiceName, string>>} [programs] another main program of a service than the one in `dist/`
 * @property {(name: string, line: string) => void} [onLine] each log line of an instance
 * @property {(message: string) => void} [onProgress] what is being done, in plain words
 * @property {(error: Error) => void} [onFailure] a service was given up
 * @property {AbortSignal} [signal] gives up starting
 */
/**
 * @typedef {object} Stack
 * @property {Record<ServiceName, string>} urls base URLs, each of the service's first instance
 * @property {import('./api-keys.mjs').ApiKeys} keys
 * @property {string} controlToken
 * @property {Record<string, string>} databaseUrls by role, and the superuser's as `admin`
 * @property {readonly RunningInstance[]} services every instance of every service
 * @property {(name: ServiceName) => ManagedProcess} service its first instance
 * @property {(name: ServiceName, number: number) => RunningInstance} instance from 1; throws RangeError if there is none with that number
 * @property {(name: ServiceName, number?: number) => Promise<void>} waitUntilReady of that instance, by default the first
 * @property {import('@backstitch/servers').PostgresServer} postgres
 * @property {() => Promise<void>} stop gracefully, services first and Postgres last; safe to call twice
 * @property {() => void} killServices at once
 */

const READY_TIMEOUT_MS = 60_000;

/**
 * Brings up the whole platform from `dist/` on embedded Postgres, each service as a process of its own, and waits until all are ready.
 *
 * @param {StackOptions} options
 * @returns {Promise<Stack>}
 * @throws {import('./stack-lock.mjs').StackRunningError} if a stack runs on that directory
 * @throws {import('./reach-redis.mjs').RedisUnreachableError} if nothing listens at `redisUrl`
 */
export async function startStack(options) {
  const { directory, instances, onProgress = () => undefined } = options;
  checkInstanceCounts(instances ?? {});
  prepareStateDirectory(directory);
  const lock = await StackLock.take(directory);
  /** @type {(() => Promise<void>)[]} */
  const undo = [async () => lock.release()];
  const givenUp = failureSignal();
  /** @type {RunningInstance[]} */
  const services = [];
  /** @type {Promise<void> | undefined} */
  let stopping;
  const stop = () =>
    (stopping ??= (async () => {
      for (const names of STOP_ORDER) await Promise.all(services.filter(({ service }) => names.includes(service)).map((instance) => instance.process.stop()));
      for (const step of undo.reverse()) await step();
    })());

  try {
    return await bringUp();
  } catch (error) {
    await stop();
    throw error;
  }

  async function bringUp() {
    const { redisUrl, host = '127.0.0.1', signal } = options;
    if (redisUrl !== undefined) await reachRedis(redisUrl);
    const secrets = readOrMakeSecrets(directory, ROLES);
    const ports = await choosePorts(options, onProgress);

    onProgress('Starting Postgres');
    const postgres = await startEmbeddedPostgres({ dataDirectory: dataDirectoryOf(directory), password: secrets.superuser, port: ports.postgres, durable: options.durable ?? true });
    undo.push(() => postgres.stop());
    signal?.throwIfAborted();
    const passwords = /** @type {Record<import('@backstitch/database').Role, string>} */ (secrets.roles);
    const { urls: databaseUrls } = await bootstrapDatabase({ adminUrl: postgres.url, passwords, queues: redisUrl === undefined ? 'postgres' : 'redis' });

    /** @type {import('./services.mjs').Wiring} */
    const wiring = { directory, host, ports, instances, databaseUrls, redisUrl, queuePrefix: options.queuePrefix ?? 'backstitch', controlToken: secrets.controlToken };
    const urls = /** @type {Record<ServiceName, string>} */ (Object.fromEntries(Object.keys(DEFAULT_PORTS).map((name) => [name, urlOf(name, wiring)])));
    const waitUntilReady = (/** @type {ServiceName} */ service, number = 1) => readiness(service, urlOf(instanceName(service, number), wiring), signal);
    const start = (/** @type {ServiceName} */ service) =>
      Promise.all(
        instancesOf(service, instances).map((instance) => {
          const managed = manage(instance, wiring);
          services.push({ ...instance, url: urlOf(instance.name, wiring), process: managed });
          managed.start();
          return waitUntilReady(service, instance.number);
        }),
      );

    onProgress('Starting the services');
    /** @type {ServiceName[]} */
    const first = ['stripe-simulator', 'orchestrator', 'inventory', 'payment', 'fulfilment', 'gateway'];
    await untilReadyOrGivenUp(first.map(start));
    const keys = await readOrMakeKeys({ directory, environment: environmentOf({ service: 'gateway', number: 1, name: 'gateway' }, wiring) });
    wiring.consoleKeySha256 = createHash('sha256').update(keys.operator).digest('hex');
    await untilReadyOrGivenUp([start('console')]);

    return {
      urls,
      keys,
      controlToken: secrets.controlToken,
      databaseUrls: { ...databaseUrls, admin: withDatabase(postgres.url, databaseUrls.gateway) },
      services,
      service: (/** @type {ServiceName} */ name) => instance(name, 1).process,
      instance,
      waitUntilReady,
      postgres,
      stop,
      killServices: () => services.forEach((running) => running.process.kill()),
    };
  }

  /**
   * @param {ServiceName} service
   * @param {number} number
   */
  function instance(service, number) {
    const found = services.find((running) => running.service === service && running.number === number);
    if (found === undefined) throw new RangeError(`There is no instance ${number} of ${service}.`);
    return found;
  }

  /** @param {Promise<unknown>[]} waits */
  async function untilReadyOrGivenUp(waits) {
    await Promise.race([Promise.all(waits), givenUp.promise]);
  }

  /**
   * @param {Instance} instance
   * @param {import('./services.mjs').Wiring} wiring
   */
  function manage({ service, number, name }, wiring) {
    return new ManagedProcess({
      name,
      command: commandOf(service, options.programs?.[service]),
      directory,
      environment: { ...environmentOf({ service, number, name }, wiring), ...options.environment?.[service] },
      logFile: join(directory, 'logs', `${name}.log`),
      restartsMax: options.restartsMax,
      onLine: (line) => options.onLine?.(name, line),
      onStart: (pid) => lock.addChild(pid),
      onCrash: onProgress,
      onGivenUp: () => {
        const error = new Error(`${name} cannot be kept running; see ${join(directory, 'logs', `${name}.log`)}.`);
        givenUp.reject(error);
        options.onFailure?.(error);
      },
    });
  }
}

/** A promise that only ever rejects, when told to. */
function failureSignal() {
  /** @type {(error: Error) => void} */
  let reject = () => undefined;
  /** @type {Promise<never>} */
  const promise = new Promise((_resolve, rejectPromise) => (reject = rejectPromise));
  promise.catch(() => undefined);
  return { promise, reject };
}

/**
 * @param {ServiceName} name
 * @param {string} url of the instance
 * @param {AbortSignal} [signal]
 */
async function readiness(name, url, signal) {
  // The simulator plays somebody else's service and has no health page: any answer will do.
  const path = name === 'stripe-simulator' ? '/' : '/health/ready';
  await waitUntil(
    async (timeout) => {
      const response = await fetch(url + path, { signal: timeout });
      const text = await response.text();
      if (response.ok || name === 'stripe-simulator') return true;
      throw new Error(`it answers ${response.status}: ${text.slice(0, 300)}`);
    },
    { timeoutMs: READY_TIMEOUT_MS, what: `${name} to be ready`, signal },
  );
}

/**
 * @param {string} adminUrl
 * @param {string} databaseUrl
 */
function withDatabase(adminUrl, databaseUrl) {
  const url = new URL(adminUrl);
  url.pathname = new URL(databaseUrl).pathname;
  return url.href;
}
