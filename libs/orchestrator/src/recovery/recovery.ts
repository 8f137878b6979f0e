import type { Clock, EngineSurface } from '@backstitch/engine';
import { OverloadedError, StoreUnavailableError } from '@backstitch/protocol';
import type { JobQueues } from '@backstitch/queues';
import type { QueueDispatcher } from '../dispatch/queue-dispatcher.js';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { RunQueries } from '../store/run-queries.js';
import { abortableDelay } from './abortable-delay.js';
import { AffectedRuns } from './affected-runs.js';

export type RecoveryReason = 'start' | 'takeover' | 'replicaLost' | 'queueFlushed' | 'queueBack' | 'queueRestarted' | 'audit';

/** Replicas' clocks may differ by so much; a run that was created just after a scan was asked for is then dispatched twice rather than never. */
const CLOCK_SKEW_MAX_MS = 5_000;

interface Scan {
  /** `all`: those that are owned when it begins, and these. */
  partitions: Set<number>;
  all: boolean;
  reason: RecoveryReason;
  /** Runs created later were dispatched later than what the scan is for, by a replica that lives. */
  createdUntilMs: number;
}

export interface RecoveryDependencies {
  clock: Clock;
  engine: Pick<EngineSurface, 'redispatch'>;
  queries: Pick<RunQueries, 'runIdsWithOpenActivities'>;
  dispatcher: Pick<QueueDispatcher, 'resume' | 'isSuspended' | 'taken'>;
  queues: Pick<JobQueues, 'ping'>;
  logger: OrchestratorLogger;
  ownedPartitions: () => readonly number[];
  /** It is not known just now which partitions are owned: a scan of all waits. */
  isLapsed: () => boolean;
  /** Any of these answers: the queues' backend is there. */
  queueNames: readonly string[];
  /** Called with the number of runs that were dispatched again, and why. */
  onRedispatched: (runs: number, reason: RecoveryReason) => void;
  /** Runs dispatched again at once. */
  pageSize: number;
  /** Runs remembered for each queue that is down; beyond it the owned partitions are scanned instead. */
  affectedRunsMax: number;
  /** Pause before the first trial of a queue that failed; it doubles up to `retryPauseMaxMs`. */
  retryPauseMs: number;
  retryPauseMaxMs: number;
}

/** A scan of all that is owned waits until it is known again what that is. */
class LeasesLapsedError extends Error {
  override readonly name = 'LeasesLapsedError';
}

/**
 * Puts attempts that are on no queue onto their queues again (law L1).
 *
 * Two causes, two loops. A queue that took no jobs: its runs are remembered, the queue is tried with growing pauses, and when it is back they are
 * dispatched. A loss that nobody saw (a crash between commit and dispatch, a flush): all runs with open activities in the partitions concerned
 * are scanned, page by page. Scans never overlap: what is asked for meanwhile is done by one more scan afterwards.
 */
export class Recovery {
  readonly #dependencies: RecoveryDependencies;
  readonly #stopping = new AbortController();
  readonly #affected = new Map<string, AffectedRuns>();
  readonly #loops = new Set<Promise<void>>();
  readonly #queuesTried = new Set<string>();
  #wanted: Scan | undefined;
  #scanning = false;

  constructor(dependencies: RecoveryDependencies) {
    this.#dependencies = dependencies;
  }

  /** Jobs of these runs are missing on this queue: they wait until it can be reached, and the store too. */
  dispatchFailed(taskQueue: string, runIds: readonly string[]): void {
    let affected = this.#affected.get(taskQueue);
    if (affected === undefined) {
      affected = new AffectedRuns(this.#dependencies.affectedRunsMax);
      this.#affected.set(taskQueue, affected);
    }
    affected.add(runIds);
    this.#startTrying(taskQueue, affected);
  }

  /** Dispatches again all open activities of these partitions, by default of all that are owned. */
  scan(reason: RecoveryReason, partitions?: readonly number[]): void {
    if (partitions?.length === 0 || this.#stopping.signal.aborted) {
      return;
    }
    // At start nothing but this replica's own calls is newer.
    const createdUntilMs = this.#dependencies.clock.now() + (reason === 'start' ? 0 : CLOCK_SKEW_MAX_MS);
    this.#want({ partitions: new Set(partitions), all: partitions === undefined, reason, createdUntilMs });
    this.#startScanning();
  }

  /** Dispatches these runs again, in pages. Rejects where the store cannot be reached. */
  async redispatch(runIds: readonly string[], reason: RecoveryReason): Promise<void> {
    const { dispatcher, pageSize, onRedispatched } = this.#dependencies;
    for (let start = 0; start < runIds.length; start += pageSize) {
      const page = runIds.slice(start, start + pageSize);
      await this.#redispatchPage(page);
      // The next page waits until the queues have taken what is on its way to them: that is the throttle.
      await dispatcher.taken();
      onRedispatched(page.length, reason);
    }
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#loops.size > 0) {
      await Promise.all(this.#loops);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.idle();
  }

  async #redispatchPage(runIds: readonly string[]): Promise<void> {
    try {
      await this.#dependencies.engine.redispatch(runIds);
    } catch (error) {
      if (error instanceof StoreUnavailableError || error instanceof OverloadedError) {
        throw error;
      }
      // The fault is in a run, not in the world: it must not keep those beside and behind it from going on, again and again.
      this.#dependencies.logger.error({ err: error, runs: runIds.length }, 'some runs could not be dispatched again');
    }
  }

  #startTrying(taskQueue: string, affected: AffectedRuns): void {
    if (affected.isEmpty || this.#queuesTried.has(taskQueue) || this.#stopping.signal.aborted) {
      return;
    }
    this.#queuesTried.add(taskQueue);
    this.#run(
      this.#tryQueue(taskQueue, affected).finally(() => {
        this.#queuesTried.delete(taskQueue);
        // Something may have failed just when the loop ended.
        this.#startTrying(taskQueue, affected);
      }),
    );
  }

  #startScanning(): void {
    if (this.#wanted === undefined || this.#scanning || this.#stopping.signal.aborted) {
      return;
    }
    this.#scanning = true;
    this.#run(
      this.#scanWanted().finally(() => {
        this.#scanning = false;
        this.#startScanning();
      }),
    );
  }

  #run(loop: Promise<void>): void {
    const guarded: Promise<void> = loop
      .catch((error: unknown) => this.#dependencies.logger.error({ err: error }, 'recovery failed'))
      .finally(() => this.#loops.delete(guarded));
    this.#loops.add(guarded);
  }

  async #tryQueue(taskQueue: string, affected: AffectedRuns): Promise<void> {
    const { queues, dispatcher, logger, retryPauseMs, retryPauseMaxMs } = this.#dependencies;
    logger.warn({ taskQueue }, 'jobs are missing on a queue; their runs go on when it takes them');
    let pauseMs = retryPauseMs;
    while (!affected.isEmpty && (await abortableDelay(pauseMs, this.#stopping.signal))) {
      pauseMs = Math.min(pauseMs * 2, retryPauseMaxMs);
      try {
        await queues.ping(taskQueue);
        dispatcher.resume(taskQueue);
        await this.#drain(taskQueue, affected);
      } catch (error) {
        logger.debug({ taskQueue, err: error }, 'queue is still down');
      }
    }
    if (!this.#stopping.signal.aborted) {
      logger.info({ taskQueue }, 'queue takes jobs again');
    }
  }

  async #drain(taskQueue: string, affected: AffectedRuns): Promise<void> {
    const { dispatcher, pageSize } = this.#dependencies;
    if (affected.takeOverflow()) {
      this.scan('queueBack');
    }
    while (!affected.isEmpty && !dispatcher.isSuspended(taskQueue) && !this.#stopping.signal.aborted) {
      const page = affected.take(pageSize);
      try {
        await this.redispatch(page, 'queueBack');
      } catch (error) {
        affected.add(page);
        throw error;
      }
    }
  }

  async #scanWanted(): Promise<void> {
    const { logger, retryPauseMs, retryPauseMaxMs } = this.#dependencies;
    let pauseMs = retryPauseMs;
    // What is asked for at one moment - partitions were taken, and whoever held them is lost - is one scan: two would put each job on its queue twice.
    await Promise.resolve();
    for (let wanted = this.#takeWanted(); wanted !== undefined && !this.#stopping.signal.aborted; wanted = this.#takeWanted()) {
      try {
        await this.#untilReachable();
        await this.#scanPartitions(wanted);
        pauseMs = retryPauseMs;
      } catch (error) {
        logger.warn({ err: error, reason: wanted.reason }, 'recovery was interrupted and begins again');
        this.#want(wanted);
        await abortableDelay(pauseMs, this.#stopping.signal);
        pauseMs = Math.min(pauseMs * 2, retryPauseMaxMs);
      }
    }
  }

  #want(scan: Scan): void {
    const other = this.#wanted;
    this.#wanted = {
      reason: scan.reason,
      partitions: new Set([...scan.partitions, ...(other?.partitions ?? [])]),
      all: scan.all || other?.all === true,
      createdUntilMs: Math.max(scan.createdUntilMs, other?.createdUntilMs ?? 0),
    };
  }

  #takeWanted(): Scan | undefined {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    return wanted;
  }

  async #scanPartitions({ partitions: named, all, reason, createdUntilMs }: Scan): Promise<void> {
    const { queries, logger, pageSize, ownedPartitions, isLapsed } = this.#dependencies;
    if (all && isLapsed()) {
      throw new LeasesLapsedError('The leases have run out.');
    }
    const partitions = all ? new Set([...named, ...ownedPartitions()]) : named;
    let afterRunId: string | undefined;
    let runs = 0;
    while (!this.#stopping.signal.aborted) {
      const page = await queries.runIdsWithOpenActivities([...partitions], createdUntilMs, afterRunId, pageSize);
      await this.redispatch(page, reason);
      runs += page.length;
      afterRunId = page.at(-1);
      if (page.length < pageSize) {
        break;
      }
    }
    logger.info({ reason, runs, partitions: partitions.size }, 'open activities were dispatched again');
  }

  /** Waits until some queue answers: while all are down, dispatching would only write to the database in vain. */
  async #untilReachable(): Promise<void> {
    const { queues, queueNames, retryPauseMs, retryPauseMaxMs } = this.#dependencies;
    for (let pauseMs = retryPauseMs; !this.#stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, retryPauseMaxMs)) {
      const answers = await Promise.allSettled(queueNames.map((queueName) => queues.ping(queueName)));
      if (queueNames.length === 0 || answers.some(({ status }) => status === 'fulfilled')) {
        return;
      }
      await abortableDelay(pauseMs, this.#stopping.signal);
    }
  }
}
