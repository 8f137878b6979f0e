import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { bundleWorkflows, type WorkflowBundle } from '@backstitch/sandbox';
import { compileExploration } from './compile-exploration.js';
import { reportOf, type PartialReport } from './exploration.js';
import { ExplorationHangsError, ExploreOptionError } from './explorer-errors.js';
import { answered } from './explore.js';
import type { ExploreProgress, ExploreReport } from './explore-options.js';
import { ProgressTeller } from './progress.js';
import { NO_FAILURE, type FromThread, type ThreadData, type ThreadedOptions, type ToThread } from './thread-messages.js';

const LOOK_EVERY_MS = 10_000;
/** Looks at a thread that finds it has come no further. */
const IDLE_LOOKS_MAX = 12;

export interface ExploreInThreadsOptions extends ThreadedOptions {
  /** Threads that share the schedules. Default: one for each processor. */
  threads?: number;
  /** As that of `explore`. Default true. */
  throwOnFailure?: boolean;
  /** Told now and then, of all threads together. Default: a line on standard error where that is a terminal. */
  onProgress?: (progress: ExploreProgress) => void;
}

/**
 * As `explore`, on all processors, and outside of whatever a test runner puts around its tests: several times as fast. What is explored stands in a module
 * of its own, whose default export is a {@link defineExploration}; it is compiled for the threads, TypeScript too. Options given here come before those of the definition.
 *
 * Finds the same failure as `explore` with the same options, however many threads there are. What an invariant throws is told by its text.
 * @param definition path, or URL, of the module
 * @throws InvariantBrokenError (unless `throwOnFailure` is false); ExploreOptionError; WorkflowBundleError; ExplorationHangsError; what the module throws, as a plain Error
 */
export async function exploreInThreads(definition: string | URL, options: ExploreInThreadsOptions = {}): Promise<ExploreReport> {
  const { threads = availableParallelism(), throwOnFailure, onProgress, ...changed } = options;
  if (!(Number.isSafeInteger(threads) && threads >= 1)) {
    throw new ExploreOptionError('threads', 'must be a whole number of at least 1');
  }
  const isUrl = typeof definition !== 'string' || definition.startsWith('file:');
  const compiled = await compileExploration(isUrl ? fileURLToPath(definition) : resolve(definition as string));
  const progress = new ProgressTeller(onProgress);
  const crew = new Crew(compiled.file, threads, changed, progress);
  try {
    const ended = await crew.run();
    return answered(reportOf(ended[0]?.seed ?? 0, ended.map(({ report }) => report)), { throwOnFailure });
  } finally {
    progress.end();
    await crew.stop();
    await compiled.dispose();
  }
}

/** The threads of one exploration. */
class Crew {
  readonly #firstFailure = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)).fill(NO_FAILURE);
  readonly #played: Int32Array;
  readonly #bundles = new Map<string, Promise<WorkflowBundle>>();
  readonly #workers: Worker[] = [];
  /** How far each thread has come, by phase. */
  readonly #done = new Map<string, number[]>();

  constructor(
    private readonly file: string,
    private readonly threads: number,
    private readonly options: ThreadedOptions,
    private readonly progress: ProgressTeller,
  ) {
    this.#played = new Int32Array(new SharedArrayBuffer(threads * Int32Array.BYTES_PER_ELEMENT));
  }

  async run(): Promise<{ seed: number; report: PartialReport }[]> {
    return Promise.all(Array.from({ length: this.threads }, async (_, index) => this.#runThread(index)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  async #runThread(index: number): Promise<{ seed: number; report: PartialReport }> {
    const workerData: ThreadData = { index, count: this.threads, firstFailure: this.#firstFailure, played: this.#played, options: this.options };
    const worker = new Worker(this.file, { workerData });
    this.#workers.push(worker);
    let timer: NodeJS.Timeout | undefined;
    return new Promise<{ seed: number; report: PartialReport }>((ended, failed) => {
      timer = this.#watch(index, () => failed(new ExplorationHangsError()));
      worker.on('error', failed);
      worker.on('exit', (code) => failed(new Error(`A thread of the exploration ended by itself, with the code ${code}.`)));
      worker.on('message', (message: FromThread) => {
        switch (message.type) {
          case 'bundleWanted':
            this.#giveBundle(worker, message.workflowsPath).catch(failed);
            break;
          case 'progress':
            this.#tell(index, message.progress);
            break;
          case 'ended':
            ended(message);
            break;
          case 'failed':
            failed(message.wrongOption === undefined ? message.error : new ExploreOptionError(message.wrongOption.option, message.wrongOption.reason));
            break;
          default:
            message satisfies never;
        }
      });
    }).finally(() => clearInterval(timer));
  }

  #watch(index: number, hangs: () => void): NodeJS.Timeout {
    let known = 0;
    let idleLooks = 0;
    return setInterval(() => {
      const played = Atomics.load(this.#played, index);
      idleLooks = played === known ? idleLooks + 1 : 0;
      known = played;
      if (idleLooks >= IDLE_LOOKS_MAX) {
        hangs();
      }
    }, LOOK_EVERY_MS);
  }

  async #giveBundle(worker: Worker, workflowsPath: string): Promise<void> {
    let bundling = this.#bundles.get(workflowsPath);
    if (bundling === undefined) {
      bundling = bundleWorkflows({ workflowsPath });
      this.#bundles.set(workflowsPath, bundling);
    }
    worker.postMessage({ bundle: await bundling } satisfies ToThread);
  }

  #tell(index: number, { phase, done, total }: ExploreProgress): void {
    const ofPhase = this.#done.get(phase) ?? Array.from({ length: this.threads }, () => 0);
    ofPhase[index] = done;
    this.#done.set(phase, ofPhase);
    this.progress.tell({ phase, done: ofPhase.reduce((sum, one) => sum + one, 0), total });
  }
}
