/** Reporter beside Jest's own: names the files of specs that are running for long, once a minute, so that what hangs can be told from what is slow. */
const LONG_MS = 120_000;
const EVERY_MS = 60_000;

export default class SlowFiles {
  /** @type {Map<string, number>} when each file that runs was begun, by its path */
  #begunAtMs = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  onRunStart() {
    this.#timer = setInterval(() => this.#report(), EVERY_MS);
    this.#timer.unref();
  }

  /** @param {{ path: string }} test */
  onTestFileStart({ path }) {
    this.#begunAtMs.set(path, Date.now());
  }

  /** @param {{ path: string }} test */
  onTestFileResult({ path }) {
    this.#begunAtMs.delete(path);
  }

  onRunComplete() {
    clearInterval(this.#timer);
  }

  #report() {
    for (const [path, begunAtMs] of this.#begunAtMs) {
      const forMs = Date.now() - begunAtMs;
      if (forMs >= LONG_MS) process.stderr.write(`still running after ${Math.round(forMs / 1000)} s: ${path}\n`);
    }
  }
}
