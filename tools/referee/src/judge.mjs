import { fork } from 'node:child_process';
import { join } from 'node:path';
import { TEMPORAL } from './places.mjs';

/**
 * @typedef {object} Case one history
 * @property {string} id
 * @property {string} workflowId
 * @property {string} path of the exported history
 * @property {string} bundlePath of its workflows, for Temporal's sandbox
 * @property {boolean} [readOnly] only that it is in Temporal's form is asked
 */
/** @typedef {{ id: string, error?: string }} Verdict `error`: what the core says against it */

/** Ten thousand events take a few seconds; the core that panics never answers. */
const ANSWER_TIMEOUT_MS = 30_000;
const START_TIMEOUT_MS = 60_000;
const OUTPUT_KEPT = 2_000;

/**
 * Lays histories before Temporal's core, in processes of their own: one that panics or hangs is ended, and the rest goes on in another.
 * @param {readonly Case[]} cases
 * @returns {Promise<Map<string, Verdict>>}
 */
export async function judge(cases) {
  /** @type {Map<string, Verdict>} */
  const verdicts = new Map();
  for (const bundlePath of new Set(cases.map((given) => given.bundlePath))) {
    let waiting = cases.filter((given) => given.bundlePath === bundlePath);
    while (waiting.length > 0) {
      await new Judge(bundlePath, waiting, verdicts).work();
      const rest = waiting.filter(({ id }) => !verdicts.has(id));
      if (rest.length === waiting.length) {
        for (const { id } of rest) verdicts.set(id, { id, error: 'The judge gave no answer at all.' });
      }
      waiting = waiting.filter(({ id }) => !verdicts.has(id));
    }
  }
  return verdicts;
}

/** One process. States: starting → judging → ended, once; what it has begun and not answered by then has stopped the core. */
class Judge {
  /** @type {string | undefined} */
  #begun;
  #output = '';
  /** @type {NodeJS.Timeout | undefined} */
  #watch;

  /**
   * @param {string} bundlePath
   * @param {readonly Case[]} cases
   * @param {Map<string, Verdict>} verdicts
   */
  constructor(bundlePath, cases, verdicts) {
    this.bundlePath = bundlePath;
    this.cases = cases;
    this.verdicts = verdicts;
  }

  /** Resolves when the process has ended. */
  async work() {
    const child = fork(join(TEMPORAL, 'judge.mjs'), { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...process.env, TZ: 'UTC' } });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (this.#output = `${this.#output}${chunk}`.slice(-OUTPUT_KEPT)));
    const end = () => child.kill('SIGKILL');
    this.#expect(START_TIMEOUT_MS, end);
    child.on('message', (/** @type {any} */ message) => {
      if (message.ready === true) child.send({ bundlePath: this.bundlePath, cases: this.cases });
      if (message.begun !== undefined) this.#begun = message.begun;
      if (message.id !== undefined) {
        this.#begun = undefined;
        this.#output = '';
        this.verdicts.set(message.id, message);
      }
      this.#expect(ANSWER_TIMEOUT_MS, end);
    });
    await new Promise((resolve) => child.once('close', resolve));
    clearTimeout(this.#watch);
    const begun = this.#begun;
    if (begun !== undefined && !this.verdicts.has(begun)) {
      this.verdicts.set(begun, { id: begun, error: `The core did not answer: it panicked or hung. Its last words:\n${this.#output.trim()}` });
    }
  }

  /**
   * @param {number} timeoutMs
   * @param {() => void} end
   */
  #expect(timeoutMs, end) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(end, timeoutMs);
  }
}
