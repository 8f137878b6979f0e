import type { EngineObserver, EngineSurface, Sandbox } from '@backstitch/engine';
import { serviceQueues } from '@backstitch/protocol';
import { JobQueues } from '@backstitch/queues';
import { ClosedWaiters } from './control-api/closed-waiters.js';
import { controlRoutes } from './control-api/control-routes.js';
import { WorkflowLists } from './control-api/workflow-lists.js';
import { QueueDispatcher } from './dispatch/queue-dispatcher.js';
import { LeaseKeeper } from './leases/lease-keeper.js';
import { PartitionLeases } from './leases/partition-leases.js';
import { EngineMetrics } from './observation/engine-metrics.js';
import { combineObservers, logObserver } from './observation/observers.js';
import type { EngineMaker, ResolvedOrchestratorOptions } from './orchestrator-options.js';
import { OutcomeConsumers } from './outcomes/outcome-consumers.js';
import { Audit } from './recovery/audit.js';
import { Recovery } from './recovery/recovery.js';
import { Database } from './store/database.js';
import { PostgresHistoryStore } from './store/postgres-history-store.js';
import { RunQueries } from './store/run-queries.js';
import { ensureSearchAttributeIndexes } from './store/search-attribute-indexes.js';
import { WakeTimer } from './wake/wake-timer.js';

/**
 * One replica of the engine on Postgres and BullMQ.
 *
 * States: made → started (leases taken, recovery begun, outcomes read) → stopping (control calls refused, nothing new taken) → stopped. The control
 * routes can be registered before the start and answer from then on.
 */
export class OrchestratorHost {
  readonly engine: EngineSurface;
  readonly #options: ResolvedOrchestratorOptions;
  readonly #queues: JobQueues;
  readonly #leases: PartitionLeases;
  readonly #leaseKeeper: LeaseKeeper;
  readonly #recovery: Recovery;
  readonly #audit: Audit;
  readonly #wakeTimer: WakeTimer;
  readonly #outcomes: OutcomeConsumers;
  readonly #waiters: ClosedWaiters;
  readonly #lists: WorkflowLists;
  readonly #sandbox: Sandbox;
  #stopWatchingFlush: () => void = () => undefined;
  #stopping = false;

  constructor(options: ResolvedOrchestratorOptions, sandbox: Sandbox, makeEngine: EngineMaker) {
    const { logger, clock } = options;
    this.#options = options;
    this.#sandbox = sandbox;
    const database = new Database(options.dataSource, { acquireTimeoutMs: options.databaseAcquireTimeoutMs, queryTimeoutMs: options.databaseQueryTimeoutMs });
    const store = new PostgresHistoryStore(database);
    const queries = new RunQueries(database);
    this.#queues = new JobQueues(options.queueConnection, { logger });
    const dispatcher = new QueueDispatcher(this.#queues, { failed: (taskQueue, runIds) => this.#recovery.dispatchFailed(taskQueue, runIds) });
    this.#leases = new PartitionLeases(database, options);
    const ownedPartitions = (): readonly number[] => this.#leases.owned;
    this.#waiters = new ClosedWaiters({
      store,
      waitersMax: options.awaitClosedWaitersMax,
      recheckMs: options.awaitClosedRecheckMs,
      liveReplicas: () => this.#leases.liveReplicas,
    });
    this.#lists = new WorkflowLists(queries, options.searchAttributes);
    const metrics = options.metricsRegistry === undefined ? undefined : new EngineMetrics(options.metricsRegistry);
    const ownObserver: EngineObserver = {
      wakeAt: (wakeAtMs) => this.#wakeTimer.arm(wakeAtMs),
      workflowClosed: ({ workflowId }) => this.#waiters.closed(workflowId),
      // Among them what never came as far as a queue: too many jobs waited, or the answer to a commit got lost.
      dispatchFailed: ({ taskQueue, runIds }) => this.#recovery.dispatchFailed(taskQueue, runIds),
    };
    const observer = combineObservers([ownObserver, logObserver(logger), ...(metrics === undefined ? [] : [metrics.observer])]);
    this.engine = makeEngine(
      { clock, ids: options.ids, sandbox, store, dispatcher },
      { ...options.engine, partitionCount: options.partitionCount, searchAttributes: options.searchAttributes, observer },
    );
    const { engine } = this;
    const queues = this.#queues;
    this.#wakeTimer = new WakeTimer({ clock, engine, queries, logger, ownedPartitions, batchRunsMax: options.wakeBatchRunsMax });
    this.#recovery = new Recovery({
      clock,
      engine,
      queries,
      dispatcher,
      queues,
      logger,
      ownedPartitions,
      queueNames: options.services.map((service) => serviceQueues(service).tasks),
      onRedispatched: (runs, reason) => metrics?.redispatched(runs, reason),
      pageSize: options.recoveryPageSize,
      affectedRunsMax: options.affectedRunsMax,
      retryPauseMs: options.queueRetryPauseMs,
      retryPauseMaxMs: options.queueRetryPauseMaxMs,
    });
    this.#audit = new Audit({
      clock,
      engine,
      queries,
      recovery: this.#recovery,
      queues,
      logger,
      ownedPartitions,
      intervalMs: options.auditIntervalMs,
      silenceMs: options.auditSilenceMs,
      pageSize: options.recoveryPageSize,
    });
    this.#outcomes = new OutcomeConsumers({ connection: options.queueConnection, services: options.services, engine, logger, concurrency: options.outcomesConcurrency });
    this.#leaseKeeper = new LeaseKeeper({ leases: this.#leases, recovery: this.#recovery, wakeTimer: this.#wakeTimer, logger, leaseMs: options.leaseMs, renewalMs: options.leaseRenewalMs });
    metrics?.registerGauges({ countOpen: () => queries.countOpen(), pressure: () => engine.pressure(), ownedPartitions: () => this.#leases.owned.length });
  }

  /** Takes its partitions, begins recovery, and reads outcomes. Needs the database; the queues may be down. */
  async start(): Promise<void> {
    await ensureSearchAttributeIndexes(this.#options.dataSource, this.#options.searchAttributes);
    await this.#leases.prepare();
    await this.#leaseKeeper.start();
    this.#outcomes.start();
    this.#stopWatchingFlush = this.#queues.onFlushed(() => {
      this.#options.logger.warn({}, 'the queues lost their marker: they are new or were flushed');
      this.#recovery.scan('queueFlushed');
    });
    this.#audit.start();
  }

  /** The control API, to be registered under `/v1`. */
  controlRoutes(): ReturnType<typeof controlRoutes> {
    const { controlToken, controlBodyBytesMax, logger, searchAttributes, partitionCount } = this.#options;
    return controlRoutes({
      engine: this.engine,
      lists: this.#lists,
      waiters: this.#waiters,
      controlToken,
      bodyBytesMax: controlBodyBytesMax,
      logger,
      isStopping: () => this.#stopping,
      info: () => ({
        workflowTypes: [...this.#sandbox.workflowTypes].sort(),
        searchAttributes: { ...searchAttributes },
        partitions: { total: partitionCount, owned: this.#leases.owned.length },
      }),
    });
  }

  /** Audits what is open at once, beside the regular audits; answers how many runs were dispatched again. */
  async audit(): Promise<number> {
    return this.#audit.run();
  }

  /** Answers readiness: rejects with QueueUnavailableError while no service's queue can be reached. */
  async pingQueues(): Promise<void> {
    await Promise.any(this.#options.services.map((service) => this.#queues.ping(serviceQueues(service).tasks)));
  }

  /** Refuses what is new, finishes what is under way, gives its partitions back. A second call changes nothing. */
  async stop(): Promise<void> {
    if (this.#stopping) {
      return;
    }
    this.#stopping = true;
    this.#stopWatchingFlush();
    this.#waiters.stop();
    await Promise.all([this.#leaseKeeper.stop(), this.#wakeTimer.stop(), this.#audit.stop(), this.#recovery.stop(), this.#outcomes.stop(this.#options.stopGraceMs)]);
    await this.engine.close();
    await this.#leases.release().catch((error: unknown) => this.#options.logger.warn({ err: error }, 'the leases could not be given back and run out'));
    await this.#queues.close();
  }
}
