import type { HistoryStore } from '@backstitch/engine';
import type { Registry } from 'prom-client';
import type { OrchestratorLogger } from '../observation/logger.js';
import type { Database } from '../store/database.js';
import { SCHEMA } from '../store/schema.js';
import type { ResolvedAdmissionOptions } from './admission-options.js';
import { registerAdmissionMetrics } from './admission-metrics.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { OpenActivities } from './open-activities.js';
import { OpenActivitiesCheck } from './open-activities-check.js';
import { StartAdmission } from './start-admission.js';
import { WatchedHistoryStore } from './watched-history-store.js';

export interface AdmissionDependencies {
  options: ResolvedAdmissionOptions;
  store: HistoryStore;
  database: Database;
  waitingMessages: () => number;
  liveReplicas: () => number;
  registry: Registry | undefined;
  logger: OrchestratorLogger;
}

const EVENT_LOOP_WINDOW_MS = 500;

/**
 * Keeps a flood of starts from harming what runs: knows what waits, from what is committed and loaded, and refuses starts while it is too much.
 *
 * States: made → prepared (what was open before is known) → stopped.
 */
export class Admission {
  /** The store that the engine is to use. */
  readonly store: HistoryStore;
  readonly starts: StartAdmission;
  readonly open: OpenActivities;
  readonly #dependencies: AdmissionDependencies;
  readonly #eventLoopDelay = new EventLoopDelay(EVENT_LOOP_WINDOW_MS);
  readonly #check: OpenActivitiesCheck;

  constructor(dependencies: AdmissionDependencies) {
    const { options, store, database, registry, logger, waitingMessages, liveReplicas } = dependencies;
    const nowMs = (): number => performance.now();
    this.#dependencies = dependencies;
    this.open = new OpenActivities(nowMs);
    this.starts = new StartAdmission(options, {
      open: this.open,
      waitingMessages,
      liveReplicas,
      eventLoopDelayMs: () => this.#eventLoopDelay.delayMs,
      nowMs,
      random: Math.random,
      onRefused: registry === undefined ? () => undefined : registerAdmissionMetrics(registry, this.open),
    });
    this.store = new WatchedHistoryStore(store, this.open, (openActivities) => this.starts.seen(openActivities));
    this.#check = new OpenActivitiesCheck(this.open, database, nowMs, logger);
  }

  /** To be called before recovery begins. @throws StoreUnavailableError */
  async prepare(): Promise<void> {
    const { database, liveReplicas } = this.#dependencies;
    const [row] = await database.query<{ open: string }>({
      text: `SELECT coalesce(sum(e.open_activities), 0) AS open FROM ${SCHEMA}.execution e WHERE e.open_activities > 0`,
      values: [],
    });
    this.starts.expect(Math.ceil(Number(row?.open ?? 0) / Math.max(1, liveReplicas())));
  }

  async stop(): Promise<void> {
    this.#eventLoopDelay.stop();
    await this.#check.stop();
  }
}
