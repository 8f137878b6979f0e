import { hostname } from 'node:os';
import type { AddressInfo } from 'node:net';
import type { EngineObserver, EngineSurface, Sandbox } from '@backstitch/engine';
import { ScheduleRunner, ScheduleService } from '@backstitch/engine/schedules';
import { decodePayloads, serviceQueues, WorkflowTypeUnknownError } from '@backstitch/protocol';
import { JobQueues } from '@backstitch/queues';
import { CodecSandbox } from '@backstitch/sandbox';
import { activityActions } from './activities/activity-actions.js';
import { Admission } from './admission/admission.js';
import { findClosedRun, findClosedRuns } from './control-api/closed-runs.js';
import { ClosedWaiters } from './control-api/closed-waiters.js';
import { controlRoutes, startHere } from './control-api/control-routes.js';
import { WorkflowLists } from './control-api/workflow-lists.js';
import { QueueDispatcher } from './dispatch/queue-dispatcher.js';
import { LeaseKeeper } from './leases/lease-keeper.js';
import { PartitionLeases } from './leases/partition-leases.js';
import { EngineMetrics } from './observation/engine-metrics.js';
import { combineObservers, logObserver } from './observation/observers.js';
import { sinkObserver } from './observation/sinks.js';
import { functionActivities } from './local-activities.js';
import { LockSink } from './locks/lock-sink.js';
import { LockTable } from './locks/lock-table.js';
import { bundleOf, type EngineMaker, type ResolvedOrchestratorOptions } from './orchestrator-options.js';
import { OutcomeConsumers } from './outcomes/outcome-consumers.js';
import { Audit } from './recovery/audit.js';
import { OpenCalls } from './recovery/open-calls.js';
import { QueueLosses } from './recovery/queue-losses.js';
import { Recovery } from './recovery/recovery.js';
import { UnservedQueues } from './recovery/unserved-queues.js';
import { createRetention } from './retention/create-retention.js';
import type { Retention } from './retention/retention.js';
import { advertisedUrl } from './routing/advertised-url.js';
import { ControlRouter } from './routing/control-router.js';
import { OutcomeRouter } from './routing/outcome-router.js';
import { PartitionDirectory } from './routing/partition-directory.js';
import { RoutedRunMessenger } from './routing/run-messenger.js';
import { PostgresScheduleStore } from './schedules/postgres-schedule-store.js';
import { Database } from './store/database.js';
import { PostgresHistoryStore } from './store/postgres-history-store.js';
import { RunNotes } from './store/run-notes.js';
import { RunQueries } from './store/run-queries.js';
import { ensureSearchAttributeIndexes } from './store/search-attribute-indexes.js';
import { BuildHints } from './versioning/build-hints.js';
import { pinningOf } from './versioning/build-id.js';
import { Builds } from './versioning/builds.js';
import { lookForUnservedBuilds } from './versioning/unserved-builds.js';
import { systemTimers } from './wake/system-timers.js';
import { WakeTimer } from './wake/wake-timer.js';

/** One wait for the end of a scheduled workflow; a longer one is made of several. */
const SCHEDULE_WAIT_MS = 25_000;
/** How deep in an event's attributes payloads stand: details of a failure's cause's cause … */
const PAYLOAD_DEPTH_MAX = 30;

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
  readonly #openCalls: OpenCalls;
  readonly #retention: Retention;
  readonly #wakeTimer: WakeTimer;
  readonly #outcomes: OutcomeConsumers;
  readonly #waiters: ClosedWaiters;
  readonly #locks: LockSink;
  readonly #outcomeRouter: OutcomeRouter;
  readonly #scheduleRunner: ScheduleRunner;
  readonly #schedules: ScheduleService;
  readonly #lists: WorkflowLists;
  readonly #notes: RunNotes;
  readonly #sandbox: Sandbox;
  readonly #directory: PartitionDirectory;
  readonly #router: ControlRouter;
  readonly #queueLosses: QueueLosses;
  readonly #builds: Builds;
  readonly #buildHints: BuildHints;
  #stopping = false;

  constructor(options: ResolvedOrchestratorOptions, sandbox: Sandbox, makeEngine: EngineMaker) {
    const { logger, clock } = options;
    this.#options = options;
    this.#sandbox = sandbox;
    const database = new Database(options.dataSource, { acquireTimeoutMs: options.databaseAcquireTimeoutMs, queryTimeoutMs: options.databaseQueryTimeoutMs });
    const store = new PostgresHistoryStore(database);
    const queries = new RunQueries(database, () => ({ buildId: options.buildId, servesUnpinned: this.#leases.isCurrent }));
    this.#queues = new JobQueues(options.queueConnection, { logger });
    const lockTable = new LockTable(database);
    this.#locks = new LockSink({ queues: this.#queues, table: lockTable, payloadCodec: options.payloadCodec, clock, identity: `locks@${options.replicaId}`, logger, deliver: (outcomes) => this.#outcomeRouter.deliver(outcomes) });
    const dispatcher = new QueueDispatcher(this.#locks, { failed: (taskQueue, runIds) => this.#recovery.dispatchFailed(taskQueue, runIds) });
    this.#leases = new PartitionLeases(database, options);
    const ownedPartitions = (): readonly number[] => this.#leases.owned;
    const isLapsed = (): boolean => this.#leases.isLapsed;
    const { replicaId, partitionCount, controlToken } = options;
    this.#directory = new PartitionDirectory({ replicaId, partitionCount, controlToken, logger, isLapsed, buildId: options.buildId });
    this.#builds = new Builds(database, options.buildId);
    this.#buildHints = new BuildHints(this.#directory);
    const directory = this.#directory;
    this.#router = new ControlRouter({ directory, startHere: (starts) => startHere({ engine: this.engine, admission: this.#admission.starts }, starts) });
    this.#waiters = new ClosedWaiters({
      find: (workflowIds) => findClosedRuns(database, workflowIds),
      findRun: (workflowId, run) => findClosedRun(database, workflowId, run),
      router: this.#router,
      waitersMax: options.awaitClosedWaitersMax,
      recheckMs: options.awaitClosedRecheckMs,
      liveReplicas: () => this.#leases.liveReplicas,
    });
    this.#notes = new RunNotes(database, options.buildId, logger);
    this.#lists = new WorkflowLists({ queries, definitions: options.searchAttributes, locks: lockTable, notes: this.#notes, currentBuildId: () => this.#leases.currentBuildId });
    const metrics = options.metricsRegistry === undefined ? undefined : new EngineMetrics(options.metricsRegistry);
    const ownObserver: EngineObserver = {
      wakeAt: (wakeAtMs) => this.#wakeTimer.arm(wakeAtMs),
      workflowClosed: ({ record }) => {
        this.#waiters.closed(record);
        // Ended by force, it could not give its locks back.
        if (record.status === 'TERMINATED' || record.status === 'TIMED_OUT') this.#locks.releaseAbandonedSoon();
      },
      // Among them what never came as far as a queue: too many jobs waited, or the answer to a commit got lost.
      dispatchFailed: ({ taskQueue, runIds }) => this.#recovery.dispatchFailed(taskQueue, runIds),
      callsFailed: ({ runIds }) => this.#openCalls.failed(runIds),
      dueElsewhere: (fact) => this.#buildHints.tell(fact),
    };
    const observer = combineObservers([ownObserver, this.#notes.observer, logObserver(logger), sinkObserver(options.sinks, logger), ...(metrics === undefined ? [] : [metrics.observer])]);
    this.#admission = new Admission({
      options: options.admission,
      store,
      database,
      waitingMessages: () => this.engine.pressure().waitingMessages,
      liveReplicas: () => this.#leases.liveReplicas,
      registry: options.metricsRegistry,
      logger,
    });
    const versioning = {
      buildId: options.buildId,
      currentBuildId: () => this.#leases.currentBuildId,
      confirmCurrentBuild: () => this.#leases.confirmCurrentBuild().catch((error: unknown) => logger.warn({ err: error }, 'it could not be read which build is current')),
      isPinned: pinningOf(bundleOf(options), options.versioningBehaviors),
    };
    this.engine = makeEngine(
      {
        clock,
        ids: options.ids,
        sandbox: options.payloadCodec === undefined ? sandbox : new CodecSandbox(sandbox, options.payloadCodec, { leavesReplayedPlain: true }),
        ...(options.payloadCodec !== undefined && { decodePayloads: (values) => decodePayloads(options.payloadCodec, values, PAYLOAD_DEPTH_MAX) }),
        store: this.#admission.store,
        dispatcher,
        messenger: new RoutedRunMessenger({ receive: (calls) => this.engine.receive(calls), directory, logger }),
        localActivities: functionActivities(options.localActivities, options.payloadCodec),
      },
      { ...options.engine, partitionCount: options.partitionCount, searchAttributes: options.searchAttributes, versioning, observer },
    );
    const { engine } = this;
    const queues = this.#queues;
    this.#wakeTimer = new WakeTimer({ clock, engine: { wake: (runIds) => this.#wake(runIds) }, queries, logger, ownedPartitions, batchRunsMax: options.wakeBatchRunsMax });
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
    this.#openCalls = new OpenCalls({
      engine,
      queries,
      logger,
      ownedPartitions,
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
      openCalls: this.#openCalls,
      locks: this.#locks,
      queues: this.#locks,
      unservedQueues: new UnservedQueues({ clock, engine, queues: this.#locks, notServedAfterMs: options.notServedAfterMs, pageSize: options.recoveryPageSize }),
      lookForUnservedBuilds: () => lookForUnservedBuilds({ clock, engine, builds: this.#builds, logger, notServedAfterMs: options.notServedAfterMs, pageSize: options.recoveryPageSize }),
      notServedAfterMs: options.notServedAfterMs,
      logger,
      ownedPartitions,
      intervalMs: options.auditIntervalMs,
      silenceMs: options.auditSilenceMs,
      pageSize: options.recoveryPageSize,
    });
    const schedules = new PostgresScheduleStore(database);
    this.#scheduleRunner = new ScheduleRunner({
      clock,
      timers: systemTimers(clock),
      store: schedules,
      engine,
      start: (starts) => this.#router.start(starts),
      findClosedRun: (workflowId, run) => findClosedRun(database, workflowId, run),
      awaitClosed: ({ workflowId, runId }) => this.#waiters.await([workflowId], SCHEDULE_WAIT_MS, false, { runId, followRuns: true }),
      logger,
      ownedPartitions: () => (this.#leases.isCurrent ? this.#leases.owned : []),
    });
    this.#schedules = new ScheduleService({
      clock,
      store: schedules,
      runner: this.#scheduleRunner,
      partitionCount,
      checkAction: ({ workflowType }) => {
        if (!sandbox.workflowTypes.has(workflowType)) throw new WorkflowTypeUnknownError(workflowType);
      },
    });
    const { retention, answers } = createRetention(options, queues);
    this.#retention = retention;
    this.#outcomeRouter = new OutcomeRouter({ engine, directory, logger, onPassedOn: (outcomes, isAnswered) => metrics?.outcomesPassedOn(outcomes, isAnswered) });
    this.#outcomes = new OutcomeConsumers({
      connection: options.queueConnection,
      services: options.services,
      engine: this.#outcomeRouter,
      retention: answers,
      logger,
      concurrency: options.outcomesConcurrency,
    });
    this.#queueLosses = new QueueLosses({ queues, recovery: this.#recovery, audit: this.#audit, logger, isLapsed });
    this.#leaseKeeper = new LeaseKeeper({
      leases: this.#leases,
      directory: {
        update: (others) => {
          directory.update(others);
          if (others.length > 0) this.#waiters.othersAreAlive();
        },
      },
      recovery: {
        scan: (reason, partitions) => {
          this.#recovery.scan(reason, partitions);
          this.#openCalls.scan(partitions);
          void this.#scheduleRunner.refresh();
        },
      },
      wakeTimer: this.#wakeTimer,
      logger,
      renewalMs: options.leaseRenewalMs,
      forget: (partitions) => void engine.evictPartitions(partitions).catch((error: unknown) => logger.warn({ err: error }, 'runs of other replicas could not be forgotten')),
    });
    metrics?.registerGauges({ countOpen: () => queries.countOpen(), pressure: () => engine.pressure(), ownedPartitions: () => this.#leases.owned.length, waitingPinnedRuns: () => this.#builds.waiting() });
  }

  /** What is in memory may be older than what a replica of another build recorded: then it is read again first. */
  async #wake(runIds: readonly string[]): Promise<void> {
    if (this.#directory.hasMetOtherBuilds) {
      await this.engine.evict(runIds);
    }
    await this.engine.wake(runIds);
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
      activities: activityActions({ engine: this.engine, taskTokenSecret: this.#options.taskTokenSecret }),
      admission: this.#admission.starts,
      router: this.#router,
      lists: this.#lists,
      waiters: this.#waiters,
      schedules: this.#schedules,
      builds: this.#builds,
      wake: (runIds) => this.#wake(runIds),
      learn: (workflowId, buildId) => this.#directory.learn(workflowId, buildId),
      controlToken,
      bodyBytesMax: controlBodyBytesMax,
      logger,
      isStopping: () => this.#stopping,
      info: () => ({
        workflowTypes: [...this.#sandbox.workflowTypes].sort(),
        searchAttributes: { ...searchAttributes },
        partitions: { total: partitionCount, owned: this.#leases.isCurrent ? this.#leases.owned.length : 0 },
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
    await Promise.all([this.#queueLosses.stop(), this.#leaseKeeper.stop(), this.#wakeTimer.stop(), this.#audit.stop(), this.#openCalls.stop(), this.#scheduleRunner.stop(), this.#retention.stop(), this.#recovery.stop(), this.#outcomes.stop(this.#options.stopGraceMs)]);
    await this.engine.close();
    await this.#buildHints.idle();
    await this.#locks.idle();
    await this.#notes.idle();
    await this.#admission.stop();
    this.#directory.close();
    await this.#leases.release().catch((error: unknown) => this.#options.logger.warn({ err: error }, 'the leases could not be given back and run out'));
    await this.#queues.close();
  }
}
