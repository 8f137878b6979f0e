import type { JobQueues } from '@backstitch/queues';
import type { OrchestratorLogger } from '../observation/logger.js';
import { abortableDelay } from './abortable-delay.js';
import type { Audit } from './audit.js';
import type { Recovery } from './recovery.js';

export interface QueueLossesDependencies {
  queues: Pick<JobQueues, 'onFlushed' | 'onRestarted'>;
  recovery: Pick<Recovery, 'scan'>;
  audit: Pick<Audit, 'run'>;
  logger: OrchestratorLogger;
  /** It is not known just now which partitions are owned. */
  isLapsed: () => boolean;
  /** Pause before an audit that was interrupted begins again. Default 1,000. */
  retryPauseMs?: number;
  /** After a restart a flush shows within so long; then all is dispatched again, and there is nothing to audit. Default 1,200. */
  flushShowsWithinMs?: number;
}

/**
 * What is to be done when the queues' server tells that it may have lost jobs (law L1).
 *
 * Flushed: everything open is dispatched again. Restarted with what it had saved: the jobs of its last second may be missing, so everything open is looked
 * at, and what has no job is dispatched again. A server that comes back empty tells both; then the first is enough.
 */
export class QueueLosses {
  readonly #dependencies: QueueLossesDependencies;
  readonly #stopping = new AbortController();
  #stopWatching: (() => void)[] = [];
  #flushes = 0;
  #restarts = 0;
  #auditing: Promise<void> | undefined;

  constructor(dependencies: QueueLossesDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    const { queues, recovery, logger } = this.#dependencies;
    this.#stopWatching = [
      queues.onFlushed(() => {
        this.#flushes += 1;
        logger.warn({}, 'the queues lost their marker: they are new or were flushed');
        recovery.scan('queueFlushed');
      }),
      queues.onRestarted(() => {
        this.#restarts += 1;
        logger.warn({}, 'the queues’ server was restarted: its last jobs may be lost');
        this.#auditing ??= this.#auditAll().finally(() => (this.#auditing = undefined));
      }),
    ];
  }

  async stop(): Promise<void> {
    this.#stopWatching.splice(0).forEach((stop) => stop());
    this.#stopping.abort();
    await this.#auditing;
  }

  /** Until an audit has gone through since the last restart. */
  async #auditAll(): Promise<void> {
    const { audit, logger, isLapsed, retryPauseMs = 1_000, flushShowsWithinMs = 1_200 } = this.#dependencies;
    const { signal } = this.#stopping;
    for (let audited = 0; audited < this.#restarts && !signal.aborted; ) {
      const restarts = this.#restarts;
      const flushes = this.#flushes;
      await abortableDelay(flushShowsWithinMs, signal);
      while (isLapsed() && (await abortableDelay(retryPauseMs, signal)));
      try {
        if (this.#flushes === flushes && !signal.aborted) {
          await audit.run('open');
        }
        audited = restarts;
      } catch (error) {
        logger.warn({ err: error }, 'the audit after a restart of the queues was interrupted');
        await abortableDelay(retryPauseMs, signal);
      }
    }
  }
}
