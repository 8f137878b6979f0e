import type { EngineSurface } from '@backstitch/engine';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { RunQueries } from '../store/run-queries.js';
import { abortableDelay } from './abortable-delay.js';
import { AffectedRuns } from './affected-runs.js';

export interface OpenCallsDependencies {
  engine: Pick<EngineSurface, 'resumeCalls'>;
  queries: Pick<RunQueries, 'runIdsWithOpenCalls'>;
  logger: OrchestratorLogger;
  ownedPartitions: () => readonly number[];
  /** Runs resumed at once. */
  pageSize: number;
  /** Runs remembered whose calls failed; beyond it all that are open are looked for. */
  affectedRunsMax: number;
  /** Pause before failed calls are made again; it doubles up to `retryPauseMaxMs`. */
  retryPauseMs: number;
  retryPauseMaxMs: number;
}

/** Pages that one audit looks at: the next one goes on behind them, so that many waiting parents cost little. */
const AUDIT_PAGES_MAX = 5;

/**
 * Makes calls between runs again (law L1) that have no answer: those that failed, after a pause; those of partitions that were taken over; and, slowly and
 * in turn, every open one, since an answer can get lost with the replica that was to give it.
 *
 * States of the loop: idle → trying (something failed) → idle, once all was resumed.
 */
export class OpenCalls {
  readonly #dependencies: OpenCallsDependencies;
  readonly #affected: AffectedRuns;
  readonly #stopping = new AbortController();
  readonly #wantedPartitions = new Set<number>();
  #trying: Promise<void> | undefined;
  #auditedUpTo: string | undefined;

  constructor(dependencies: OpenCallsDependencies) {
    this.#dependencies = dependencies;
    this.#affected = new AffectedRuns(dependencies.affectedRunsMax);
  }

  /** Calls of these runs got no answer: they are made again a little later. */
  failed(runIds: readonly string[]): void {
    this.#affected.add(runIds);
    this.#startTrying();
  }

  /** Resumes all open calls of runs of these partitions, soon; by default of all that are owned. */
  scan(partitions?: readonly number[]): void {
    (partitions ?? this.#dependencies.ownedPartitions()).forEach((partition) => this.#wantedPartitions.add(partition));
    this.#startTrying();
  }

  /** Resumes some open calls of the owned partitions, going on where the last audit ended. Rejects where the store cannot be reached. */
  async audit(): Promise<void> {
    const { engine, ownedPartitions, pageSize } = this.#dependencies;
    for (let pages = 0; pages < AUDIT_PAGES_MAX && !this.#stopping.signal.aborted; pages += 1) {
      const page = await this.#page(ownedPartitions(), this.#auditedUpTo);
      await engine.resumeCalls(page);
      this.#auditedUpTo = page.length < pageSize ? undefined : page.at(-1);
      if (this.#auditedUpTo === undefined) break;
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#trying;
  }

  async #page(partitions: readonly number[], after: string | undefined): Promise<string[]> {
    return partitions.length === 0 ? [] : this.#dependencies.queries.runIdsWithOpenCalls(partitions, after, this.#dependencies.pageSize);
  }

  get #hasWork(): boolean {
    return !this.#affected.isEmpty || this.#wantedPartitions.size > 0;
  }

  #startTrying(): void {
    if (this.#trying !== undefined || !this.#hasWork || this.#stopping.signal.aborted) {
      return;
    }
    this.#trying = this.#tryAgain().finally(() => {
      this.#trying = undefined;
      // Something may have failed just when the loop ended.
      this.#startTrying();
    });
  }

  async #tryAgain(): Promise<void> {
    const { logger, retryPauseMs, retryPauseMaxMs } = this.#dependencies;
    for (let pauseMs = retryPauseMs; this.#hasWork && (await abortableDelay(pauseMs, this.#stopping.signal)); pauseMs = Math.min(pauseMs * 2, retryPauseMaxMs)) {
      try {
        await this.#resumePartitions();
        await this.#resumeAffected();
      } catch (error) {
        logger.warn({ err: error }, 'calls between runs could not be made again; trying later');
      }
    }
  }

  async #resumePartitions(): Promise<void> {
    const { engine, ownedPartitions, pageSize } = this.#dependencies;
    if (this.#affected.takeOverflow()) {
      ownedPartitions().forEach((partition) => this.#wantedPartitions.add(partition));
    }
    const partitions = [...this.#wantedPartitions];
    for (let after: string | undefined, isLast = partitions.length === 0; !isLast && !this.#stopping.signal.aborted; ) {
      const page = await this.#page(partitions, after);
      await engine.resumeCalls(page);
      after = page.at(-1);
      isLast = page.length < pageSize;
    }
    partitions.forEach((partition) => this.#wantedPartitions.delete(partition));
  }

  /** Those that are affected now: what fails again comes back through `failed`, for the next round. */
  async #resumeAffected(): Promise<void> {
    const { engine, pageSize, affectedRunsMax } = this.#dependencies;
    const runIds = this.#affected.take(affectedRunsMax);
    for (let start = 0; start < runIds.length; start += pageSize) {
      try {
        await engine.resumeCalls(runIds.slice(start, start + pageSize));
      } catch (error) {
        this.#affected.add(runIds.slice(start));
        throw error;
      }
    }
  }
}
