import { hostname } from 'node:os';
import type { AddressInfo } from 'node:net';
import type { EngineObserver, EngineSurface, Sandbox } from '@backstitch/engine';
import { serviceQueues } from '@backstitch/protocol';
import { JobQueues } from '@backstitch/queues';
import { Admission } from './admission/admission.js';
import { findClosedRuns } from './control-api/closed-runs.js';
import { ClosedWaiters } from './control-api/closed-waiters.js';
import { controlRoutes, startHere } from './control-api/control-routes.js';
import { WorkflowLists } from './control-api/workflow-lists.js';
import { QueueDispatcher } from './dispatch/queue-dispatcher.js';
import { LeaseKeeper } from './leases/lease-keeper.js';
import { PartitionLeases } from './leases/partition-leases.js';
import { EngineMetrics } from './observation/engine-metrics.js';
import { combineObservers, logObserver } from './observation/observers.js';
import type { EngineMaker, ResolvedOrchestratorOptions } from './orchestrator-options.js';
import { OutcomeConsumers } from './outcomes/outcome-consumers.js';
import { Audit } from './recovery/audit.js';
import { QueueLosses } from './recovery/queue-losses.js';
import { Recovery } from './recovery/recovery.js';
import { createRetention } from './retention/create-retention.js';
import type { Retention } from './retention/retention.js';
import { advertisedUrl } from './routing/advertised-url.js';
import { ControlRouter } from './routing/control-router.js';
import { OutcomeRouter } from './routing/outcome-router.js';
import { PartitionDirectory } from './routing/partition-directory.js';
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
  readonly #admission: Admission;
  readonly #leaseKeeper: LeaseKeeper;
  readonly #recovery: Recovery;
  readonly #audit: Audit;
  readonly #retention: Retention;
  readonly #wakeTimer: WakeTimer;
  readonly #outcomes: OutcomeConsumers;
  readonly #waiters: ClosedWaiters;
  readonly #lists: WorkflowLists;
  readonly #sandbox: Sandbox;
  readonly #directory: PartitionDirectory;
  readonly #router: ControlRouter;
  readonly #queueLosses: QueueLosses;
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
    const isLapsed = (): boolean => this.#leases.isLapsed;
    const { replicaId, partitionCount, controlToken } = options;
    this.#directory = new PartitionDirectory({ replicaId, partitionCount, controlToken, logger, isLapsed });
    const directory = this.#directory;
    this.#router = new ControlRouter({ directory, startHere: (starts) => startHere({ engine: this.engine, admission: this.#admission.starts }, starts) });
    this.#waiters = new ClosedWaiters({
      find: (workflowIds) => findClosedRuns(database, workflowIds),
      router: this.#router,
      waitersMax: options.awaitClosedWaitersMax,
      recheckMs: options.awaitClosedRecheckMs,
      liveReplicas: () => this.#leases.liveReplicas,
    });
    this.#lists = new WorkflowLists(queries, options.searchAttributes);
    const metrics = options.metricsRegistry === undefined ? undefined : new EngineMetrics(options.metricsRegistry);
    const ownObserver: EngineObserver = {
      wakeAt: (wakeAtMs) => this.#wakeTimer.arm(wakeAtMs),
      workflowClosed: ({ record }) => this.#waiters.closed(record),
      // Among them what never came as far as a queue: too many jobs waited, or the answer to a commit got lost.
      dispatchFailed: ({ taskQueue, runIds }) => this.#recovery.dispatchFailed(taskQueue, runIds),
    };
    const observer = combineObservers([ownObserver, logObserver(logger), ...(metrics === undefined ? [] : [metrics.observer])]);
    this.#admission = new Admission({
      options: options.admission,
      store,
      database,
      waitingMessages: () => this.engine.pressure().waitingMessages,
      liveReplicas: () => this.#leases.liveReplicas,
      registry: options.metricsRegistry,
      logger,
    });
    this.engine = makeEngine(
      { clock, ids: options.ids, sandbox, store: this.#admission.store, dispatcher },
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
      isLapsed,
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
    const { retention, answers } = createRetention(options, queues);
    this.#retention = retention;
    this.#outcomes = new OutcomeConsumers({
      connection: options.queueConnection,
      services: options.services,
      engine: new OutcomeRouter({ engine, directory, logger, onPassedOn: (outcomes, isAnswered) => metrics?.outcomesPassedOn(outcomes, isAnswered) }),
      retention: answers,
      logger,
      concurrency: options.outcomesConcurrency,
    });
    this.#queueLosses = new QueueLosses({ queues, recovery: this.#recovery, audit: this.#audit, logger, isLapsed });
    this.#leaseKeeper = new LeaseKeeper({
      leases: this.#leases,
      directory,
      recovery: this.#recovery,
      wakeTimer: this.#wakeTimer,
      logger,
      renewalMs: options.leaseRenewalMs,
      forget: (partitions) => void engine.evictPartitions(partitions).catch((error: unknown) => logger.warn({ err: error }, 'runs of other replicas could not be forgotten')),
    });
    metrics?.registerGauges({ countOpen: () => queries.countOpen(), pressure: () => engine.pressure(), ownedPartitions: () => this.#leases.owned.length });
  }

  /** Takes its partitions, begins recovery, and reads outcomes. Needs the database; the queues may be down. */
  async start(): Promise<void> {
    await ensureSearchAttributeIndexes(this.#options.dataSource, this.#options.searchAttributes);
    await this.#leases.prepare();
    await this.#admission.prepare();
    await this.#leaseKeeper.start();
    this.#outcomes.start();
    this.#queueLosses.start();
    this.#audit.start();
    this.#retention.start();
  }

  /** It can be reached from now on: the other replicas are told where. Never rejects. */
  async listening(address: AddressInfo | string | null): Promise<void> {
    const url = this.#options.advertiseUrl ?? advertisedUrl(address, hostname());
    if (url !== undefined) {
      await this.#leaseKeeper.advertise(url);
    }
  }

  /** The control API, to be registered under `/v1`. */
  controlRoutes(): ReturnType<typeof controlRoutes> {
    const { controlToken, controlBodyBytesMax, logger, searchAttributes, partitionCount } = this.#options;
    return controlRoutes({
      engine: this.engine,
      admission: this.#admission.starts,
      router: this.#router,
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

  /** Removes at once the closed runs whose time of retention is over, beside the regular looks; answers how many. */
  async removeClosedRuns(): Promise<number> {
    return this.#retention.run();
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
    this.#waiters.stop();
    await Promise.all([this.#queueLosses.stop(), this.#leaseKeeper.stop(), this.#wakeTimer.stop(), this.#audit.stop(), this.#retention.stop(), this.#recovery.stop(), this.#outcomes.stop(this.#options.stopGraceMs)]);
    await this.engine.close();
    await this.#admission.stop();
    this.#directory.close();
    await this.#leases.release().catch((error: unknown) => this.#options.logger.warn({ err: error }, 'the leases could not be given back and run out'));
    await this.#queues.close();
  }
}
