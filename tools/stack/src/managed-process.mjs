import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** Restarts within {@link RESTART_WINDOW_MS}; one more crash, and the process is given up. */
const RESTARTS_MAX_DEFAULT = 5;
const RESTART_WINDOW_MS = 60_000;
const RESTART_DELAY_MS = 500;
const RESTART_DELAY_MAX_MS = 8_000;
const KILL_AFTER_MS = 14_000;

/**
 * @typedef {object} ManagedProcessOptions
 * @property {string} name
 * @property {string[]} command arguments of `node`
 * @property {string} directory working directory
 * @property {NodeJS.ProcessEnv} environment all of it
 * @property {string} logFile
 * @property {(line: string) => void} onLine each line that it writes
 * @property {(pid: number) => void} onStart
 * @property {(message: string) => void} onCrash says what happened and what follows
 * @property {() => void} onGivenUp it crashed too often
 * @property {number} [restartsMax] after how many crashes within a minute one more is too often; killing it on purpose is no crash. Default 5
 */

/**
 * One child process, started again when it crashes.
 *
 * States: stopped → running → (crashed → running)* → stopping → stopped; crashed too often → given up.
 * It runs in a process group of its own, so that Ctrl-C in the terminal does not reach it before its turn to stop; its IPC channel closes when we are
 * gone, which tells it to stop.
 */
export class ManagedProcess {
  #options;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  /** @type {Promise<void>} */
  #exited = Promise.resolve();
  #stopping = false;
  /**
   * It was killed on purpose: what follows is no crash.
   * @type {{ downMs: number } | undefined}
   */
  #killed;
  /** @type {number[]} */
  #restartsAtMs = [];
  /** @type {NodeJS.Timeout | undefined} */
  #restartTimer;

  /** @param {ManagedProcessOptions} options */
  constructor(options) {
    this.#options = options;
    this.name = options.name;
  }

  get pid() {
    return this.#child?.pid;
  }

  start() {
    this.#stopping = false;
    const { command, directory, environment, logFile, onLine, onStart } = this.#options;
    const child = spawn(process.execPath, command, { cwd: directory, env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#child = child;
    const log = createWriteStream(logFile, { flags: 'a' });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: /** @type {import('node:stream').Readable} */ (stream), crlfDelay: Infinity }).on('line', (line) => {
        log.write(`${line}\n`);
        onLine(line);
      });
    }
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => onLine(`cannot be started: ${error.message}`));
      child.once('close', (code, signal) => {
        log.end();
        if (this.#child === child) this.#child = undefined;
        resolve();
        if (!this.#stopping) this.#restartAfterCrash(signal ?? `code ${code}`);
      });
    });
    if (child.pid !== undefined) onStart(child.pid);
  }

  /**
   * Ends it at once with SIGKILL, as a crash would; it is started again, and that does not count as a crash.
   *
   * @param {{ downMs?: number }} [options] how long it stays down. Default 0
   * @returns {boolean} false: it does not run just now
   */
  kill({ downMs = 0 } = {}) {
    if (this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return false;
    this.#killed = { downMs };
    return this.#child.kill('SIGKILL');
  }

  /**
   * Stops it with SIGTERM and waits; after 14 seconds it is killed.
   * @param {NodeJS.Signals} [signal]
   */
  async stop(signal = 'SIGTERM') {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (child === undefined) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** @param {string} reason */
  #restartAfterCrash(reason) {
    const { name, onCrash, onGivenUp, restartsMax = RESTARTS_MAX_DEFAULT } = this.#options;
    if (this.#killed !== undefined) {
      const { downMs } = this.#killed;
      this.#killed = undefined;
      onCrash(`${name} was killed; it is started again${downMs > 0 ? ` in ${downMs} ms` : ''}.`);
      if (downMs > 0) this.#restartTimer = setTimeout(() => this.start(), downMs);
      else this.start();
      return;
    }
    const now = Date.now();
    this.#restartsAtMs = [...this.#restartsAtMs.filter((atMs) => now - atMs < RESTART_WINDOW_MS), now];
    if (this.#restartsAtMs.length > restartsMax) {
      this.#stopping = true;
      onCrash(`${name} ended (${reason}) more than ${restartsMax} times within a minute and is not started again.`);
      onGivenUp();
      return;
    }
    const delayMs = Math.min(RESTART_DELAY_MAX_MS, RESTART_DELAY_MS * 2 ** (this.#restartsAtMs.length - 1));
    onCrash(`${name} ended (${reason}); it is started again.`);
    this.#restartTimer = setTimeout(() => this.start(), delayMs);
  }
}
