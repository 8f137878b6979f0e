import type { OrchestratorLogger } from '../observation/logger.js';
import { abortableDelay } from '../recovery/abortable-delay.js';
import type { Recovery } from '../recovery/recovery.js';
import type { WakeTimer } from '../wake/wake-timer.js';
import type { LeaseState, PartitionLeases } from './partition-leases.js';

export interface LeaseKeeperDependencies {
  leases: PartitionLeases;
  recovery: Pick<Recovery, 'scan'>;
  wakeTimer: Pick<WakeTimer, 'refresh'>;
  logger: OrchestratorLogger;
  leaseMs: number;
  renewalMs: number;
}

/**
 * Renews the leases, and does what a change of them asks for.
 *
 * Partitions taken over: their runs are recovered and their timers read. A replica lost: all that is owned is recovered, since any replica may act
 * on any run and the lost one may have committed here what it never dispatched. Several replicas alive: the timers are read at each renewal,
 * since another one may have set one here.
 */
export class LeaseKeeper {
  readonly #dependencies: LeaseKeeperDependencies;
  readonly #stopping = new AbortController();
  #renewedAt = performance.now();
  #loop: Promise<void> | undefined;

  constructor(dependencies: LeaseKeeperDependencies) {
    this.#dependencies = dependencies;
  }

  /** Takes what it can get now, then keeps it. @throws StoreUnavailableError */
  async start(): Promise<void> {
    await this.#renew('start');
    this.#loop = this.#repeat();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #repeat(): Promise<void> {
    const { leases, logger, leaseMs, renewalMs } = this.#dependencies;
    while (await abortableDelay(renewalMs, this.#stopping.signal)) {
      try {
        await this.#renew('takeover');
      } catch (error) {
        logger.warn({ err: error }, 'the leases could not be renewed');
        if (performance.now() - this.#renewedAt > leaseMs) {
          leases.lose();
        }
      }
    }
  }

  async #renew(reason: 'start' | 'takeover'): Promise<void> {
    const { leases, recovery, wakeTimer, logger } = this.#dependencies;
    const startedAt = performance.now();
    const state: LeaseState = await leases.renew();
    this.#renewedAt = startedAt;
    if (state.taken.length > 0) {
      logger.info({ taken: state.taken.length, owned: state.owned.length, liveReplicas: state.liveReplicas }, 'partitions taken');
      recovery.scan(reason, state.taken);
    }
    if (state.replicaLost) {
      logger.warn({ liveReplicas: state.liveReplicas }, 'a replica was lost');
      recovery.scan('replicaLost');
    }
    if (state.taken.length > 0 || state.liveReplicas > 1) {
      await wakeTimer.refresh();
    }
  }
}
