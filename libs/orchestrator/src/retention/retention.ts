import type { Clock } from '@backstitch/engine';
import type { OrchestratorLogger } from '../observation/logger.js';
import { abortableDelay } from '../recovery/abortable-delay.js';
import type { ClosedRuns } from './closed-runs.js';

export interface RetentionDependencies {
  clock: Clock;
  closedRuns: Pick<ClosedRuns, 'remove'>;
  logger: OrchestratorLogger;
  /** Closed runs are kept for so long. 0: for ever. */
  retentionMs: number;
  /** Pause between two looks at what is due: all that an idle replica does. */
  intervalMs: number;
  /** Runs removed in one transaction. */
  batchRunsMax: number;
  /** Called with the number of runs removed by a batch. */
  onRemoved: (runs: number) => void;
}

/** Between two batches, so that orders have the database and the disk to themselves for most of the time. */
const BATCH_PAUSE_MS = 100;
/** Histories removed in one transaction, beyond its last run. */
const BATCH_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Removes closed runs whose time is over, in small batches. Any replica removes any run: a batch skips what another replica's batch holds, so replicas
 * share the work without agreeing on it.
 *
 * States: made → started (looks at once, then every `intervalMs`) → stopped. A failure of the database ends one look; the next one goes on.
 */
export class Retention {
  readonly #dependencies: RetentionDependencies;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(dependencies: RetentionDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    if (this.#dependencies.retentionMs > 0) {
      this.#loop ??= this.#repeat();
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** Removes all that is due now; answers how many runs. @throws StoreUnavailableError */
  async run(): Promise<number> {
    const { clock, closedRuns, retentionMs, batchRunsMax, onRemoved, logger } = this.#dependencies;
    if (retentionMs <= 0) {
      return 0;
    }
    const closedUntilMs = clock.now() - retentionMs;
    let removed = 0;
    for (let isFull = true; isFull && !this.#stopping.signal.aborted; ) {
      const batch = await closedRuns.remove(closedUntilMs, batchRunsMax, BATCH_BYTES_MAX);
      removed += batch.runs;
      onRemoved(batch.runs);
      isFull = batch.isFull && (await abortableDelay(BATCH_PAUSE_MS, this.#stopping.signal));
    }
    if (removed > 0) {
      logger.info({ runs: removed }, 'closed runs were removed, as their time of retention is over');
    }
    return removed;
  }

  async #repeat(): Promise<void> {
    do {
      await this.run().catch((error: unknown) => this.#dependencies.logger.warn({ err: error }, 'closed runs could not be removed; trying again later'));
    } while (await abortableDelay(this.#dependencies.intervalMs, this.#stopping.signal));
  }
}
