import { setTimeout as delay } from 'node:timers/promises';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { Recovery } from '../recovery/recovery.js';
import type { PartitionDirectory } from '../routing/partition-directory.js';
import type { WakeTimer } from '../wake/wake-timer.js';
import type { LeaseState, PartitionLeases } from './partition-leases.js';

export interface LeaseKeeperDependencies {
  leases: PartitionLeases;
  directory: Pick<PartitionDirectory, 'update'>;
  recovery: Pick<Recovery, 'scan'>;
  wakeTimer: Pick<WakeTimer, 'arm'>;
  logger: OrchestratorLogger;
  /** Pause between renewals. */
  renewalMs: number;
  /** Forgets what is in memory of the runs of these partitions: another replica went on with them, or will. */
  forget: (partitions: readonly number[]) => void;
}

/** Just after the moment at which a lease runs out. */
const EXPIRY_MARGIN_MS = 10;
/** Another replica was at the rows that this one wanted; with some chance, so that they do not meet again. */
const SHORT_PAUSE_MS = 50;
const RETRY_PAUSE_MS = 500;

/**
 * Renews the leases, and does what a change of them asks for.
 *
 * The next renewal is due after `renewalMs`, or when the earliest lease of another runs out if that is sooner: who was killed is replaced as soon as its
 * leases are over.
 *
 * Partitions taken over: their runs are recovered. A replica lost: all that is owned is recovered, since any replica may act on any run and the lost one may
 * have committed here what it never dispatched. What is in memory of partitions lost or
 * taken is forgotten. Every renewal arms the timer to the next time at which
 * an own run wants to be woken, whoever set it.
 */
export class LeaseKeeper {
  readonly #dependencies: LeaseKeeperDependencies;
  readonly #stopping = new AbortController();
  #soon = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(dependencies: LeaseKeeperDependencies) {
    this.#dependencies = dependencies;
  }

  /** Takes what it can get now, then keeps it. @throws StoreUnavailableError */
  async start(): Promise<void> {
    const firstPauseMs = await this.#renew('start');
    this.#loop = this.#repeat(firstPauseMs);
  }

  /** Tells the others where this replica is reached, and takes the place of who was there before. */
  async advertise(url: string): Promise<void> {
    const { leases, logger } = this.#dependencies;
    try {
      await leases.replaceAt(url);
    } catch (error) {
      logger.warn({ err: error, url }, 'who lived at this address before could not be replaced; its leases run out');
    }
    this.#soon.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#soon.abort();
    await this.#loop;
  }

  async #repeat(firstPauseMs: number): Promise<void> {
    const { logger } = this.#dependencies;
    for (let pauseMs = firstPauseMs; await this.#pause(pauseMs); ) {
      try {
        pauseMs = await this.#renew('takeover');
      } catch (error) {
        logger.warn({ err: error }, 'the leases could not be renewed');
        pauseMs = RETRY_PAUSE_MS;
      }
    }
  }

  /** False when it is to stop. */
  async #pause(pauseMs: number): Promise<boolean> {
    const { signal } = this.#soon;
    await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) {
      this.#soon = new AbortController();
    }
    return !this.#stopping.signal.aborted;
  }

  /** Answers when to renew again. */
  async #renew(reason: 'start' | 'takeover'): Promise<number> {
    const { leases, directory, recovery, wakeTimer, logger, forget } = this.#dependencies;
    const state = await leases.renew();
    directory.update(state.others);
    if (state.earliestWakeAtMs !== undefined) {
      wakeTimer.arm(state.earliestWakeAtMs);
    }
    if (state.lost.length > 0) {
      logger.info({ lost: state.lost.length, owned: state.owned.length, others: state.others.length }, 'partitions lost');
    }
    if (state.lost.length + state.taken.length > 0) {
      forget([...state.lost, ...state.taken]);
    }
    if (state.taken.length > 0) {
      logger.info({ taken: state.taken.length, owned: state.owned.length, others: state.others.length }, 'partitions taken');
      recovery.scan(reason, state.taken);
    }
    if (state.replicaLost) {
      logger.warn({ others: state.others.length }, 'a replica was lost');
      recovery.scan('replicaLost');
    }
    return this.#nextPauseMs(state);
  }

  #nextPauseMs({ nextExpiryMs = Infinity, isShort }: LeaseState): number {
    const shortMs = isShort ? SHORT_PAUSE_MS * (1 + Math.random()) : Infinity;
    return Math.min(this.#dependencies.renewalMs, Math.max(0, nextExpiryMs) + EXPIRY_MARGIN_MS, shortMs);
  }
}
