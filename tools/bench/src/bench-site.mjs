import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '@backstitch/servers';
import { ChildProgram } from './child-program.mjs';
import { RAW_QUEUES_SCHEMA } from './servers.mjs';

/** @typedef {'inventory' | 'payment' | 'fulfilment'} StepService */
/** @type {readonly StepService[]} */
export const STEP_SERVICES = ['inventory', 'payment', 'fulfilment'];

const COMPENSATION_CONCURRENCY = 10;
/** On Postgres the queues' own connections come on top, and the server has 400 for both systems. */
const POOL_MAX_WITH_QUEUES = 40;
/** Beside one connection for each job at once: health checks and the like. */
const SPARE_CONNECTIONS = 2;

/**
 * Everything that is up while one backend is measured.
 *
 * @typedef {object} BenchSite
 * @property {ChildProgram} loadGenerator
 * @property {Record<import('./arguments.mjs').System, Map<string, ChildProgram>>} programs of each system, by name
 * @property {Promise<never>} failed rejects when one of the processes ends unasked
 * @property {() => Promise<void>} stop
 */

/**
 * Starts the processes of both systems and the load generator, and waits until all are ready. Both systems get as many service processes, the same
 * concurrency, the same pools and the same level of logs.
 *
 * @param {object} options
 * @param {import('./servers.mjs').BenchServers} options.servers
 * @param {Awaited<ReturnType<typeof import('./build-programs.mjs').buildPrograms>>} options.build
 * @param {readonly import('./arguments.mjs').System[]} options.systems
 * @param {import('./arguments.mjs').StepMode} options.stepMode of Backstitch's steps
 * @param {number} options.concurrency
 * @returns {Promise<BenchSite>}
 */
export async function startSite({ servers, build, systems, stepMode, concurrency }) {
  const { postgres, redis, directory } = servers;
  const controlToken = randomBytes(16).toString('hex');
  const controlPort = await freePort();
  const wantedPool = concurrency + COMPENSATION_CONCURRENCY + SPARE_CONNECTIONS;
  const common = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    TZ: 'UTC',
    LC_ALL: 'C',
    LOG_LEVEL: 'info',
    HOST: '127.0.0.1',
    ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
    CONCURRENCY: String(concurrency),
    DATABASE_POOL_MAX: String(redis === undefined ? Math.min(wantedPool, POOL_MAX_WITH_QUEUES) : wantedPool),
    ...(redis === undefined ? { RAW_QUEUES_URL: postgres.adminUrl, RAW_QUEUES_SCHEMA } : {}),
  };
  /** @type {ChildProgram[]} */
  const started = [];
  /** @param {string} name @param {string} program @param {NodeJS.ProcessEnv} environment */
  const start = (name, program, environment) => {
    const child = new ChildProgram({
      name,
      // As the images of the platform's apps start theirs; raw BullMQ's programs have what the services have.
      command: ['--enable-source-maps', `--max-semi-space-size=${name === 'orchestrator' ? 32 : 64}`, build.program(program)],
      environment: { ...common, ...environment },
      logFile: join(directory, 'logs', `${name}.log`),
    });
    started.push(child);
    return child;
  };
  const stop = async () => {
    await Promise.all(started.map((child) => child.stop()));
  };

  /** @type {BenchSite['programs']} */
  const programs = { backstitch: new Map(), bullmq: new Map() };
  try {
    if (systems.includes('backstitch')) {
      programs.backstitch.set(
        'orchestrator',
        start('orchestrator', 'orchestrator', {
          PORT: String(controlPort),
          DATABASE_URL: postgres.urls.orchestrator,
          DATABASE_POOL_MAX: '10',
          CONTROL_TOKEN: controlToken,
          WORKFLOW_BUNDLE: build.workflowBundle,
        }),
      );
    }
    // The services of both use one migration, and make the tables of both.
    for (const service of STEP_SERVICES) {
      programs.backstitch.set(
        service,
        start(service, 'service', { SERVICE: service, PORT: '0', DATABASE_URL: postgres.urls[service], COMPENSATION_CONCURRENCY: String(COMPENSATION_CONCURRENCY), STEP_MODE: stepMode }),
      );
    }
    const loadGenerator = start('load-generator', 'load-generator', {
      CONTROL_URL: `http://127.0.0.1:${controlPort}`,
      CONTROL_TOKEN: controlToken,
    });
    await Promise.all(started.map(({ ready }) => ready));
    if (systems.includes('bullmq')) {
      for (const service of STEP_SERVICES) {
        programs.bullmq.set(service, start(`raw-${service}`, 'raw-service', { SERVICE: service, DATABASE_URL: postgres.urls[service] }));
      }
      await Promise.all(started.map(({ ready }) => ready));
    }
    const failed = Promise.race(
      started.map(async ({ ended }) => {
        throw await ended;
      }),
    );
    failed.catch(() => undefined);
    return { loadGenerator, programs, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
