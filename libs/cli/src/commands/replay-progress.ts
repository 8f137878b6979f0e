import { performance } from 'node:perf_hooks';
import type { ReplayOutcome } from '@backstitch/engine';
import type { CliEnvironment } from '../environment.js';

const TERMINAL_EVERY_MS = 200;
/** Where nobody watches, in a log. */
const LOG_EVERY_MS = 10_000;

/** Says how far a replay is: in one line that is written over, or now and then in a line of its own where the output is no terminal. */
export class ReplayProgress {
  readonly #cli: CliEnvironment;
  readonly #everyMs: number;
  readonly #nowMs: () => number;
  #saidAtMs: number;
  #hasLine = false;
  #runs = 0;
  #problems = 0;
  #expected: number | undefined;

  constructor(cli: CliEnvironment, nowMs: () => number = () => performance.now()) {
    this.#cli = cli;
    this.#nowMs = nowMs;
    this.#saidAtMs = nowMs();
    this.#everyMs = cli.isTerminal === true ? TERMINAL_EVERY_MS : LOG_EVERY_MS;
  }

  /** So many runs there will be, about. */
  expect(runs: number): void {
    this.#expected = runs;
  }

  add({ status }: ReplayOutcome): void {
    this.#runs += 1;
    if (status !== 'ok') this.#problems += 1;
    const nowMs = this.#nowMs();
    if (nowMs - this.#saidAtMs < this.#everyMs) return;
    this.#saidAtMs = nowMs;
    const of = this.#expected === undefined ? '' : ` of ${Math.max(this.#expected, this.#runs)}`;
    const text = `Replayed ${this.#runs}${of} runs; ${this.#problems} with problems`;
    this.#hasLine = this.#cli.isTerminal === true;
    this.#cli.writeError(this.#hasLine ? `\r${text}` : `${text}\n`);
  }

  /** What follows begins in a line of its own. */
  end(): void {
    if (this.#hasLine) this.#cli.writeError('\n');
    this.#hasLine = false;
  }
}
