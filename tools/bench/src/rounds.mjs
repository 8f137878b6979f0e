import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { readProcessTable, treeSeconds } from './process-usage.mjs';

/** @typedef {import('./arguments.mjs').System} System */
/**
 * @typedef {object} Round
 * @property {System} system
 * @property {number} orders
 * @property {number} seconds from the first start to the last order ended
 * @property {Record<string, number>} cpuSeconds by process
 */

/** How often it is looked how many have ended. Postgres counts what is open in some milliseconds, so it is asked seldom while much is. */
const COUNT_PAUSE_MS = 250;
const LAST_COUNTS_PAUSE_MS = 20;
/** Open runs are expected to be closed at this rate when the pause before the last counts is chosen. */
const EXPECTED_PER_MS = 2;
/** As the raw services begin. */
const RAW_TELL_PAUSE_MS = 20;
/** A bulk that gets no further for so long is given up. */
const STALL_MS = 60_000;

/** Puts orders through the two systems, numbers them on, and tells when they have ended. */
export class OrderRunner {
  /** @type {import('./bench-site.mjs').BenchSite} */
  #site;
  /** @type {{ pid: number }} */
  #postgres;
  /** @type {{ pid: number } | undefined} */
  #redis;
  /** @type {pg.Client} */
  #database;
  #nextNumber = 0;
  /** @type {Record<System, number>} orders put in so far */
  ordersOf = { backstitch: 0, bullmq: 0 };
  /** @type {Record<System, number>} of them, those that fail at step 3 */
  failingOrdersOf = { backstitch: 0, bullmq: 0 };
  #rawEnded = 0;
  #accepted = 0;
  /** @type {() => void} */
  #onRawEnded = () => undefined;

  /**
   * @param {import('./bench-site.mjs').BenchSite} site
   * @param {import('./servers.mjs').BenchServers} servers
   */
  constructor(site, servers) {
    this.#site = site;
    this.#postgres = servers.postgres;
    this.#redis = servers.redis;
    this.#database = new pg.Client({ connectionString: servers.postgres.adminUrl });
    for (const program of site.programs.bullmq.values()) {
      program.onMessage = ({ ended }) => {
        this.#rawEnded += ended.length;
        this.#onRawEnded();
      };
    }
  }

  async connect() {
    await this.#database.connect();
  }

  async close() {
    await this.#database.end();
  }

  /** Writes what is dirty, so that no round pays for the one before. */
  async settle() {
    await this.#database.query('CHECKPOINT');
    await delay(300);
  }

  /**
   * One measured bulk.
   * @param {System} system
   * @param {number} orders
   * @param {number} outstandingMax
   * @param {(ended: number) => void} onProgress
   * @returns {Promise<Round>}
   */
  async bulk(system, orders, outstandingMax, onProgress) {
    const firstNumber = this.#take(system, orders);
    const before = this.#cpuSeconds(system);
    const startedAtMs = performance.now();
    /** @type {{ accepted: boolean }} */
    const state = { accepted: false };
    const starting = this.#site.loadGenerator.ask('start-in-bulk', { system, firstNumber, orders, outstandingMax }).then(() => (state.accepted = true));
    const ending = system === 'backstitch' ? this.#runsClosed(orders, state, onProgress) : this.#rawOrdersEnded(orders, onProgress);
    await Promise.all([starting, ending]);
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const after = this.#cpuSeconds(system);
    return { system, orders, seconds, cpuSeconds: Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)])) };
  }

  /**
   * @param {System} system
   * @param {number} orders
   * @returns {Promise<{ latenciesMs: number[], paths: { dispatchMs: number, serveMs: number }[] }>} of each, from the call that starts it to its end
   */
  async oneByOne(system, orders) {
    const firstNumber = this.#take(system, orders);
    this.#onRawEnded = () => void this.#site.loadGenerator.ask('ended', { count: 1 });
    await this.#rawTellPause(0);
    const answer = await this.#site.loadGenerator.ask('start-one-by-one', { system, firstNumber, orders });
    await this.#rawTellPause(RAW_TELL_PAUSE_MS);
    return answer;
  }

  /** @param {number} pauseMs between two lots of orders that a raw service tells */
  async #rawTellPause(pauseMs) {
    await Promise.all([...this.#site.programs.bullmq.values()].map((program) => program.ask('tell-pause', { pauseMs })));
  }

  /** @param {System} system @param {number} orders */
  #take(system, orders) {
    const firstNumber = this.#nextNumber;
    // Whole tens, so that each bulk has its tenth of failures.
    this.#nextNumber += Math.ceil(orders / 10) * 10;
    this.ordersOf[system] += orders;
    this.failingOrdersOf[system] += Math.floor(orders / 10);
    return firstNumber;
  }

  /**
   * @param {number} orders
   * @param {{ accepted: boolean }} state
   * @param {(ended: number) => void} onProgress
   */
  async #runsClosed(orders, state, onProgress) {
    this.#accepted = 0;
    this.#site.loadGenerator.onMessage = (message) => (this.#accepted = message.accepted);
    let lastEnded = -1;
    let lastChangeMs = performance.now();
    for (;;) {
      const allAccepted = state.accepted;
      const accepted = this.#accepted;
      // What is open stands in a small index; what was accepted and is not open has ended.
      const { rows } = await this.#database.query(`SELECT count(*)::int AS open FROM orchestrator.execution WHERE status = 'RUNNING'`);
      const open = rows[0].open;
      if (allAccepted && open === 0) return onProgress(orders);
      const ended = Math.max(0, accepted - open);
      if (ended !== lastEnded) {
        lastEnded = ended;
        lastChangeMs = performance.now();
        onProgress(ended);
        await this.#site.loadGenerator.ask('ended', { count: ended });
      }
      if (performance.now() - lastChangeMs > STALL_MS) throw new Error(`Backstitch stands still: ${open} of ${orders} runs are open.`);
      await delay(allAccepted ? Math.min(COUNT_PAUSE_MS, Math.max(LAST_COUNTS_PAUSE_MS, open / EXPECTED_PER_MS)) : COUNT_PAUSE_MS);
    }
  }

  /**
   * @param {number} orders
   * @param {(ended: number) => void} onProgress
   */
  async #rawOrdersEnded(orders, onProgress) {
    this.#rawEnded = 0;
    let lastEnded = -1;
    let lastChangeMs = performance.now();
    /** @type {() => void} */
    let finish = () => undefined;
    const finished = new Promise((resolve) => (finish = () => resolve(undefined)));
    this.#onRawEnded = () => {
      if (this.#rawEnded >= orders) finish();
    };
    for (;;) {
      await Promise.race([finished, delay(RAW_TELL_PAUSE_MS)]);
      if (this.#rawEnded !== lastEnded) {
        lastEnded = this.#rawEnded;
        lastChangeMs = performance.now();
        onProgress(lastEnded);
        await this.#site.loadGenerator.ask('ended', { count: lastEnded });
      }
      if (this.#rawEnded >= orders) return;
      if (performance.now() - lastChangeMs > STALL_MS) throw new Error(`Raw BullMQ stands still at ${lastEnded} of ${orders} orders.`);
    }
  }

  /** @param {System} system */
  #cpuSeconds(system) {
    /** @type {[string, number][]} */
    const processes = [...this.#site.programs[system]].map(([name, { pid }]) => [name, pid]);
    processes.push(['loadGenerator', this.#site.loadGenerator.pid], ['postgres', this.#postgres.pid]);
    if (this.#redis !== undefined) processes.push(['redis', this.#redis.pid]);
    const seconds = treeSeconds(
      processes.map(([, pid]) => pid),
      readProcessTable(),
    );
    return /** @type {Record<string, number>} */ (Object.fromEntries(processes.map(([name], index) => [name, seconds[index]])));
  }
}
