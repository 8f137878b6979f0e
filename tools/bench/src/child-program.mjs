import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const LAST_OUTPUT_CHARACTERS = 4_000;

/** One of the bench's programs as a process of its own, and the channel to it. */
export class ChildProgram {
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  #asked = new Map();
  #lastId = 0;
  #lastOutput = '';
  #stopping = false;
  /** @type {(message: any) => void} what the program says of itself */
  onMessage = () => undefined;

  /**
   * @param {object} options
   * @param {string} options.name in messages
   * @param {string[]} options.command arguments of `node`
   * @param {NodeJS.ProcessEnv} options.environment all that it gets
   * @param {string} options.logFile its output
   */
  constructor({ name, command, environment, logFile }) {
    this.name = name;
    this.process = spawn(process.execPath, command, { env: environment, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const log = createWriteStream(logFile, { flags: 'a' });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (/** @type {Buffer} */ chunk) => {
        log.write(chunk);
        this.#lastOutput = (this.#lastOutput + String(chunk)).slice(-LAST_OUTPUT_CHARACTERS);
      });
    }
    this.ended = once(this.process, 'exit').then(([code, signal]) => {
      const error = new Error(`${name} ended (${signal ?? code}) ${this.#stopping ? 'while it was stopped' : 'unasked'}: ${this.#lastOutput}`);
      for (const { reject } of this.#asked.values()) reject(error);
      this.#asked.clear();
      return error;
    });
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} did not become ready within ${READY_TIMEOUT_MS} ms: ${this.#lastOutput}`)), READY_TIMEOUT_MS);
      this.process.on('message', (/** @type {any} */ message) => {
        if (message.ready === true) {
          clearTimeout(timer);
          resolve(undefined);
        } else if (message.id !== undefined) this.#answered(message);
        else this.onMessage(message);
      });
      void this.ended.then((error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
    this.ready.catch(() => undefined);
  }

  /** @returns {number} */
  get pid() {
    return /** @type {number} */ (this.process.pid);
  }

  /**
   * Asks the program for something and resolves with its answer.
   * @param {string} command
   * @param {object} [parameters]
   * @returns {Promise<any>}
   */
  ask(command, parameters = {}) {
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.process.send({ id, command, ...parameters }, (error) => {
        if (error !== null) this.#answered({ id, failed: error.message });
      });
    });
  }

  /** Ends the program, with force if it does not go. */
  async stop() {
    this.#stopping = true;
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** @param {{ id: number, result?: unknown, failed?: string }} answer */
  #answered({ id, result, failed }) {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (failed === undefined) asked?.resolve(result);
    else asked?.reject(new Error(`${this.name}: ${failed}`));
  }
}
