import { Worker } from 'node:worker_threads';
import { shareJson } from '@backstitch/engine';
import type { ActivationResult } from '@backstitch/protocol';
import type { ActivationRunner, Round, RunnerOutcome } from './activation-runner.js';
import { BatchCodec } from './batch-codec.js';
import type { HostMessage, RoundsOutcome, SandboxWorkerData, WorkerMessage } from './worker/worker-messages.js';
import type { WorkflowBundle } from './workflow-bundle.js';

/** The sandbox was closed; it takes nothing more. */
export class SandboxClosedError extends Error {
  override readonly name = 'SandboxClosedError';
  readonly code = 'SANDBOX_CLOSED';
  constructor() {
    super('The sandbox is closed.');
  }
}

/** How much longer than its own time limits a thread may be silent before it is taken for stuck. */
const STUCK_AFTER_MS = 10_000;

const YOUNG_GENERATION_MIB = 64;

interface Waiting {
  rounds: readonly Round[];
  /** Of the first rounds: those that the thread is through with. */
  results: ActivationResult[][];
  /** The rounds that it is not through with, written when they are sent for the first time. */
  restJson?: string[];
  resolve: (outcome: RunnerOutcome) => void;
  reject: (error: unknown) => void;
}

/**
 * Runs rounds in a worker thread of its own.
 *
 * States: starting → idle ⇄ busy (one call's rounds in the thread, others wait here) → closed. What the thread did not get to within its time waits once more, behind
 * those that came meanwhile. A thread that errors, exits or stays silent while busy is dead: the call under way is answered `crashed`, and the next one starts a
 * fresh thread.
 */
export class WorkerRunner implements ActivationRunner {
  readonly #data: SandboxWorkerData;
  readonly #bell: Int32Array;
  readonly #waiting: Waiting[] = [];
  #worker: Worker;
  #ready: Promise<void>;
  #codec = new BatchCodec(shareJson);
  #busy: Waiting | undefined;
  #busySinceMs = 0;
  #watchdog: NodeJS.Timeout | undefined;
  #dead = false;
  /** The thread was taken for stuck and is being ended: it is given nothing more, even if it answers after all. */
  #ending = false;
  #closed = false;

  constructor(
    readonly bundle: WorkflowBundle,
    readonly activationTimeoutMs: number,
    readonly memoryMiB: number,
  ) {
    const { code, sharedCode, runtimeCode, sourceMap, generatesCode } = bundle;
    const doorbell = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#bell = new Int32Array(doorbell);
    this.#data = { bundle: { code, sharedCode, runtimeCode, sourceMap, generatesCode }, activationTimeoutMs, doorbell };
    [this.#worker, this.#ready] = this.#start();
  }

  /** Resolves when the thread has loaded the bundle. */
  ready(): Promise<void> {
    return this.#ready;
  }

  run(rounds: readonly Round[]): Promise<RunnerOutcome> {
    if (this.#closed) return Promise.reject(new SandboxClosedError());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rounds, results: [], resolve, reject });
      this.#next();
    });
  }

  evict(runIds: readonly string[]): void {
    // No bell: this can wait for the next message.
    if (!this.#closed && !this.#dead) this.#post({ type: 'evict', runIdsJson: JSON.stringify(runIds) });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#watchdog);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new SandboxClosedError());
    this.#busy?.reject(new SandboxClosedError());
    this.#busy = undefined;
    await this.#worker.terminate();
  }

  #start(): [Worker, Promise<void>] {
    const worker = new Worker(this.bundle.workerCode, {
      eval: true,
      name: 'backstitch-sandbox',
      workerData: this.#data,
      env: {},
      execArgv: [],
      // Suspended runs outlive many small collections of the young generation, each of which would copy them.
      resourceLimits: { maxOldGenerationSizeMb: this.memoryMiB, maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    });
    let failure = 'the thread ended';
    let loaded = false;
    const ready = new Promise<void>((resolve, reject) => {
      worker.on('message', (message: WorkerMessage) => {
        if (message.type === 'ready') {
          loaded = true;
          resolve();
        } else this.#finish(message.outcome);
      });
      worker.on('error', (error: Error) => {
        failure = error.message;
      });
      worker.on('exit', () => {
        reject(new Error(`The sandbox's thread could not start: ${failure}`));
        if (worker === this.#worker) this.#replace(failure, loaded);
      });
    });
    // Nobody may be waiting for it when a replaced thread fails to start.
    ready.catch(() => undefined);
    return [worker, ready];
  }

  #replace(reason: string, wasLoaded: boolean): void {
    if (this.#closed) return;
    clearTimeout(this.#watchdog);
    this.#watchdog = undefined;
    const crashed = this.#busy;
    this.#busy = undefined;
    this.#dead = true;
    this.#ending = false;
    // A thread that could not even load the bundle is no fault of the batch; the next batch tries a new one.
    if (wasLoaded) crashed?.resolve({ status: 'crashed', reason });
    else crashed?.reject(new Error(`The sandbox's thread could not start: ${reason}`));
    this.#next();
  }

  #next(): void {
    if (this.#busy !== undefined || this.#ending) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#busy = next;
    if (this.#dead) {
      this.#dead = false;
      [this.#worker, this.#ready] = this.#start();
      this.#codec = new BatchCodec(shareJson);
    }
    next.restJson ??= next.rounds.slice(next.results.length).map((round) => this.#codec.encode(round));
    this.#post({ type: 'activate', roundsJson: next.restJson });
    Atomics.add(this.#bell, 0, 1);
    Atomics.notify(this.#bell, 0);
    this.#busySinceMs = performance.now();
    // One timer for many messages: it looks how old the one under way is.
    if (this.#watchdog === undefined) this.#watch(this.#stuckAfterMs);
  }

  get #stuckAfterMs(): number {
    return this.activationTimeoutMs * 4 + STUCK_AFTER_MS;
  }

  #watch(delayMs: number): void {
    this.#watchdog = setTimeout(() => {
      this.#watchdog = undefined;
      if (this.#busy === undefined) return;
      const remainingMs = this.#busySinceMs + this.#stuckAfterMs - performance.now();
      if (remainingMs > 0) return this.#watch(remainingMs);
      this.#ending = true;
      void this.#worker.terminate();
    }, delayMs);
    this.#watchdog.unref();
  }

  #finish({ resultsJson, stopped }: RoundsOutcome): void {
    const finished = this.#busy;
    this.#busy = undefined;
    if (finished === undefined) return;
    const { rounds, results } = finished;
    for (const json of resultsJson) results.push(this.#codec.decode(rounds[results.length] as Round, json));
    if (stopped !== undefined) finished.resolve({ status: 'timedOut', results, ...stopped });
    else if (results.length === rounds.length) finished.resolve({ status: 'completed', results });
    else this.#waitAgain(finished, resultsJson.length);
    this.#next();
  }

  /** Behind all that came meanwhile, save for what the same runs are told later. */
  #waitAgain(unfinished: Waiting, roundsDone: number): void {
    unfinished.restJson = unfinished.restJson?.slice(roundsDone);
    const runIds = new Set(runIdsOf(unfinished));
    const later = [unfinished];
    const others = this.#waiting.filter((waiting) => {
      const itsRunIds = runIdsOf(waiting);
      if (!itsRunIds.some((runId) => runIds.has(runId))) return true;
      for (const runId of itsRunIds) runIds.add(runId);
      later.push(waiting);
      return false;
    });
    this.#waiting.splice(0, Infinity, ...others, ...later);
  }

  #post(message: HostMessage): void {
    this.#worker.postMessage(message);
  }
}

/** Of the rounds that are left: all their runs are in the first of them. */
function runIdsOf({ rounds, results }: Waiting): string[] {
  return rounds[results.length]?.map(({ runId }) => runId) ?? [];
}
