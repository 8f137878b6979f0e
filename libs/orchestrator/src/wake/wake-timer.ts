import type { Clock, EngineSurface } from '@backstitch/engine';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { DuePosition, RunQueries } from '../store/run-queries.js';

/** Longer delays overflow Node's timer and would fire at once. */
const TIMER_DELAY_MAX_MS = 2 ** 31 - 1;
const RETRY_AFTER_FAILURE_MS = 1_000;
/** A run that is still due after it was woken is not woken again at once. */
const NO_PROGRESS_PAUSE_MS = 1_000;

export interface WakeTimerDependencies {
  clock: Clock;
  engine: Pick<EngineSurface, 'wake'>;
  queries: Pick<RunQueries, 'earliestWakeAtMs' | 'dueRuns'>;
  logger: OrchestratorLogger;
  /** Partitions whose runs this replica wakes, as they are now. */
  ownedPartitions: () => readonly number[];
  /** Runs read and woken at once. */
  batchRunsMax: number;
}

/**
 * One timer, armed to the earliest time at which a run wants to be woken.
 *
 * States: idle (nothing to wait for) → armed (by {@link arm}; an earlier time moves it) → firing (reads what is due in batches, wakes it, asks for
 * the next time) → armed or idle. `arm` while firing is remembered. A failure of the database arms it again a second later.
 */
export class WakeTimer {
  readonly #dependencies: WakeTimerDependencies;
  #timer: NodeJS.Timeout | undefined;
  #armedForMs = Infinity;
  #firing: Promise<void> | undefined;
  #stopped = false;

  constructor(dependencies: WakeTimerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Wakes no later than at this time. */
  arm(wakeAtMs: number): void {
    if (this.#stopped || wakeAtMs >= this.#armedForMs) {
      return;
    }
    this.#armedForMs = wakeAtMs;
    if (this.#firing === undefined) {
      this.#schedule();
    }
  }

  /**
   * Reads the earliest time of the owned partitions and arms itself to it: at start, and when partitions were taken over. Never rejects: where the
   * database cannot be reached it looks again a little later, since nobody else would.
   */
  async refresh(): Promise<void> {
    const partitions = this.#dependencies.ownedPartitions();
    if (partitions.length === 0) {
      return;
    }
    try {
      const earliestMs = await this.#dependencies.queries.earliestWakeAtMs(partitions);
      if (earliestMs !== undefined) {
        this.arm(earliestMs);
      }
    } catch (error) {
      this.#dependencies.logger.warn({ err: error }, 'the time of the next wake-up could not be read; trying again');
      this.arm(this.#dependencies.clock.now() + RETRY_AFTER_FAILURE_MS);
    }
  }

  /** Fires no more; resolves when what it had begun has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#firing;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#armedForMs === Infinity || this.#stopped) {
      return;
    }
    const delayMs = Math.min(Math.max(0, this.#armedForMs - this.#dependencies.clock.now()), TIMER_DELAY_MAX_MS);
    this.#timer = setTimeout(() => this.#fire(), delayMs);
  }

  #fire(): void {
    if (this.#dependencies.clock.now() < this.#armedForMs) {
      this.#schedule();
      return;
    }
    this.#armedForMs = Infinity;
    this.#firing = this.#wakeWhatIsDue()
      .catch((error: unknown) => {
        this.#dependencies.logger.warn({ err: error }, 'runs that are due could not be woken; trying again');
        this.arm(this.#dependencies.clock.now() + RETRY_AFTER_FAILURE_MS);
      })
      .finally(() => {
        this.#firing = undefined;
        this.#schedule();
      });
  }

  /** One pass over what is due, each run once; then to the next time. */
  async #wakeWhatIsDue(): Promise<void> {
    const { clock, engine, queries, ownedPartitions, batchRunsMax } = this.#dependencies;
    const nowMs = clock.now();
    let after: DuePosition | undefined;
    let failure: unknown;
    while (!this.#stopped) {
      const due = await queries.dueRuns(ownedPartitions(), nowMs, after, batchRunsMax);
      if (due.length > 0) {
        // A run that cannot be woken must not keep those behind it asleep.
        await engine.wake(due.map(({ runId }) => runId)).catch((error: unknown) => (failure = error));
      }
      after = due.at(-1);
      if (due.length < batchRunsMax) {
        break;
      }
    }
    await this.#armToNext(nowMs);
    if (failure !== undefined) {
      throw failure;
    }
  }

  async #armToNext(passedMs: number): Promise<void> {
    const { clock, queries, ownedPartitions } = this.#dependencies;
    const earliestMs = await queries.earliestWakeAtMs(ownedPartitions());
    if (earliestMs !== undefined) {
      this.arm(earliestMs <= passedMs ? clock.now() + NO_PROGRESS_PAUSE_MS : earliestMs);
    }
  }
}
