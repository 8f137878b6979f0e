import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startSite } from './bench-site.mjs';
import { checkWork } from './check-work.mjs';
import { DatabaseActivity } from './database-activity.mjs';
import { peakMemoryMiB, treeMemoryMiB } from './process-usage.mjs';
import { OrderRunner } from './rounds.mjs';
import { startServers } from './servers.mjs';
import { backendReport, summarizeSystem } from './summarize.mjs';

/** @typedef {import('./arguments.mjs').System} System */

/** Put in before each round, so that pools and queues are awake; not measured. */
const WAKING_ORDERS = 300;
const MEMORY_PAUSE_MS = 1_000;
/** Before the first round: after so many orders the programs get no faster, of either system. */
const WARM_UP_ORDERS = { redis: 10_000, postgres: 2_000 };

/**
 * Measures the systems on one backend, on servers and processes of its own.
 *
 * @param {object} options
 * @param {import('./arguments.mjs').Backend} options.backend
 * @param {import('./arguments.mjs').StepMode} options.stepMode
 * @param {import('./arguments.mjs').BenchOptions} options.bench
 * @param {Awaited<ReturnType<typeof import('./build-programs.mjs').buildPrograms>>} options.build
 * @param {import('./progress.mjs').Progress} options.progress
 * @param {AbortSignal} options.signal gives up
 * @returns {Promise<{ report: import('./summarize.mjs').BackendReport, differences: string[], profiles: string[] }>}
 */
export async function measureBackend({ backend, stepMode, bench, build, progress, signal }) {
  progress.phase(`${backend}: starting servers`);
  const servers = await startServers(backend, { countStatements: bench.profileDirectory !== undefined });
  /** @type {(() => Promise<void>)[]} */
  const undo = [servers.stop];
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    for (const step of undo.reverse()) await step();
  };
  /** @type {(error: unknown) => void} */
  let fail = () => undefined;
  /** @type {Promise<never>} */
  const givenUp = new Promise((_resolve, reject) => (fail = reject));
  givenUp.catch(() => undefined);
  const onAbort = () => fail(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([measure(), givenUp]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    await stop();
    progress.end();
  }

  async function measure() {
    const { outstandingMax, systems, warmUpOrders = WARM_UP_ORDERS[backend] } = bench;
    const site = await startSite({ servers, build, systems, stepMode, concurrency: bench.concurrency });
    if (stopped) {
      await site.stop();
      throw new Error('Given up while the processes were starting.');
    }
    undo.push(site.stop);
    site.failed.catch(fail);
    const runner = new OrderRunner(site, servers);
    await runner.connect();
    undo.push(() => runner.close());
    const activity = new DatabaseActivity(servers);
    await activity.connect();
    undo.push(() => activity.close());
    /** @param {System} system @param {number} orders @param {string} what */
    const bulk = (system, orders, what) => {
      progress.phase(`${backend}, steps in mode ${stepMode}: ${what}`);
      return runner.bulk(system, orders, outstandingMax, (ended) => progress.count(ended, orders));
    };

    for (const system of systems) if (warmUpOrders > 0) await bulk(system, warmUpOrders, `${system}, warming up`);

    /** @type {Partial<Record<System, Awaited<ReturnType<OrderRunner['oneByOne']>>>>} */
    const singles = {};
    if (bench.latencyOrders > 0) {
      for (const system of systems) {
        progress.phase(`${backend}: ${system}, one order at a time`);
        await runner.settle();
        await runner.oneByOne(system, Math.ceil(bench.latencyOrders / 10));
        singles[system] = await runner.oneByOne(system, bench.latencyOrders);
      }
    }

    let postgresMiB = 0;
    const sampleMemory = () => (postgresMiB = Math.max(postgresMiB, treeMemoryMiB(servers.postgres.pid)));
    const sampling = setInterval(sampleMemory, MEMORY_PAUSE_MS);
    undo.push(async () => clearInterval(sampling));
    /** @type {Record<System, import('./summarize.mjs').MeasuredRound[]>} */
    const rounds = { backstitch: [], bullmq: [] };
    /** @type {string[]} */
    const profiles = [];
    if (bench.profileDirectory !== undefined) mkdirSync(bench.profileDirectory, { recursive: true });
    for (let round = 1; round <= bench.rounds; round += 1) {
      for (const system of systems) {
        await runner.settle();
        await bulk(system, Math.min(WAKING_ORDERS, bench.orders), `${system}, waking`);
        const profiled = bench.profileDirectory !== undefined && round === bench.rounds;
        if (profiled) {
          await activity.resetStatements();
          await profile(system, (program) => program.ask('profile-start'));
        }
        const before = await activity.counts();
        const measured = await bulk(system, bench.orders, `${system}, round ${round} of ${bench.rounds}`);
        rounds[system].push({ ...measured, servers: await activity.countsSince(before) });
        if (profiled) {
          const statements = join(/** @type {string} */ (bench.profileDirectory), `${backend}-statements-of-${system}.txt`);
          writeFileSync(statements, `${await activity.topStatements(bench.orders)}\n`);
          await profile(system, async (program) => {
            const file = join(/** @type {string} */ (bench.profileDirectory), `${backend}-${program.name}${program === site.loadGenerator ? `-of-${system}` : ''}.cpuprofile`);
            await program.ask('profile-stop', { file });
            profiles.push(file);
          });
        }
      }
    }
    sampleMemory();

    progress.phase(`${backend}: checking the work`);
    /** @type {string[]} */
    const differences = [];
    /** @type {Partial<Record<System, import('./summarize.mjs').SystemFigures>>} */
    const figures = {};
    for (const system of systems) {
      differences.push(...(await checkWork(system, servers.postgres.adminUrl, runner.ordersOf[system], runner.failingOrdersOf[system])).map((text) => `${backend}: ${text}`));
      /** @type {Record<string, number>} */
      const peakMiB = {};
      for (const [name, { pid }] of site.programs[system]) peakMiB[name] = peakMemoryMiB(pid);
      peakMiB['loadGenerator'] = peakMemoryMiB(site.loadGenerator.pid);
      peakMiB['postgres'] = postgresMiB;
      if (servers.redis !== undefined) peakMiB['redis'] = peakMemoryMiB(servers.redis.pid);
      figures[system] = summarizeSystem(rounds[system], singles[system], peakMiB);
    }
    const report = backendReport({
      backend,
      figures,
      run: { stepMode, orders: bench.orders, rounds: bench.rounds, concurrency: bench.concurrency },
      machine: { cores: availableParallelism(), node: process.version },
    });
    return { report, differences, profiles };

    /** @param {System} system @param {(program: import('./child-program.mjs').ChildProgram) => Promise<unknown>} work */
    async function profile(system, work) {
      await Promise.all([...site.programs[system].values(), site.loadGenerator].map(work));
    }
  }
}
