import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock, EngineOptions, EnginePorts, EngineSurface, Ids, Sandbox } from '@backstitch/engine';
import { DEFAULT_PARTITION_COUNT, type SearchAttributeDefinitions } from '@backstitch/protocol';
import type { QueueConnection } from '@backstitch/queues';
import type { WorkflowBundle } from '@backstitch/sandbox';
import type { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { SILENT_LOGGER, type OrchestratorLogger } from './observation/logger.js';
import { TimeOrderedIds } from './time-ordered-ids.js';

/** What an orchestrator needs, and what can be set. */
export interface OrchestratorOptions {
  /** Initialised, on the role that owns the schema `orchestrator`, with `orchestratorMigrations` applied. The host closes it. */
  dataSource: DataSource;
  /** Where the services' queues are. */
  queueConnection: QueueConnection;
  /** Services whose outcomes are read, e.g. `inventory`. */
  services: readonly string[];
  /** The workflow code, as `bundleWorkflows` makes it. Either this or `sandbox`. */
  bundle?: WorkflowBundle;
  /** Instead of `bundle`: a sandbox that exists. The host of the module closes it. */
  sandbox?: Sandbox;
  /** Search attributes that this deployment knows. Default none. */
  searchAttributes?: SearchAttributeDefinitions;
  /** Shared secret of the control wire. */
  controlToken: string;
  /** Default: silent. */
  logger?: OrchestratorLogger;
  /** Default: no metrics. */
  metricsRegistry?: Registry;

  /** Names this process among its like; must be unique and fresh for each start. Default host, process and a random part. */
  replicaId?: string;
  /** Fixed once runs exist. Default 64. */
  partitionCount?: number;
  /** A replica that does not renew its leases for so long loses its partitions. Default 10,000. */
  leaseMs?: number;
  /** Pause between renewals. Default 3,000. */
  leaseRenewalMs?: number;
  /** Reply jobs of one service worked on at once. Default 64. */
  outcomesConcurrency?: number;
  /** Runs that are due read and woken at once. Default 200. */
  wakeBatchRunsMax?: number;
  /** Runs dispatched again at once. Default 200. */
  recoveryPageSize?: number;
  /** Runs remembered for each queue that is down; beyond it a scan finds them. Default 20,000. */
  affectedRunsMax?: number;
  /** Pause before a queue that failed is tried again, doubling up to the maximum. Default 250. */
  queueRetryPauseMs?: number;
  /** Default 5,000. */
  queueRetryPauseMaxMs?: number;
  /** Pause between audits of what is open. Default 180,000 (3 minutes). */
  auditIntervalMs?: number;
  /** The audit doubts an activity without progress for so long, or for twice its start-to-close time-out if longer. Default 300,000. */
  auditSilenceMs?: number;
  /** Waiting for a database connection. Default 2,000. */
  databaseAcquireTimeoutMs?: number;
  /** Waiting for an answer of the database. Default 5,000. */
  databaseQueryTimeoutMs?: number;
  /** Largest body of a control call. Default 8 MiB. */
  controlBodyBytesMax?: number;
  /** Workflow ids that await-closed calls wait for at once, in all. Default 50,000. */
  awaitClosedWaitersMax?: number;
  /** How often await-closed asks the database again where several replicas are alive. Default 500. */
  awaitClosedRecheckMs?: number;
  /** Outcomes under way get so long at a stop. Default 5,000. */
  stopGraceMs?: number;
  /** Threads of the sandbox made from `bundle`. Default: the sandbox's own. */
  sandboxThreads?: number;
  /** Limits of the engine; see EngineOptions for their defaults. */
  engine?: Pick<EngineOptions, 'cachedRunsMax' | 'batchRunsMax' | 'concurrentBatchesMax' | 'waitingMessagesMax' | 'undoIncidentAfterMs' | 'taskQueue'>;
  /** Default: the system's. */
  clock?: Clock;
  /** Default: version 7 UUIDs and Math.random. */
  ids?: Ids;
}

/** Neither or both of `bundle` and `sandbox` were given, or a number is out of its range. */
export class OrchestratorOptionsError extends Error {
  override readonly name = 'OrchestratorOptionsError';
  readonly code = 'ORCHESTRATOR_OPTIONS';
}

export type ResolvedOrchestratorOptions = Required<Omit<OrchestratorOptions, 'bundle' | 'sandbox' | 'metricsRegistry' | 'sandboxThreads'>> &
  Pick<OrchestratorOptions, 'bundle' | 'sandbox' | 'metricsRegistry' | 'sandboxThreads'>;

/** @throws OrchestratorOptionsError */
export function resolveOrchestratorOptions(options: OrchestratorOptions): ResolvedOrchestratorOptions {
  if ((options.bundle === undefined) === (options.sandbox === undefined)) {
    throw new OrchestratorOptionsError('Give either the workflows’ bundle or a sandbox.');
  }
  if (options.controlToken.length < 16) {
    throw new OrchestratorOptionsError('The control token must have at least 16 characters.');
  }
  const clock = options.clock ?? { now: () => Date.now() };
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as OrchestratorOptions;
  const resolved = {
    searchAttributes: {},
    logger: SILENT_LOGGER,
    replicaId: `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`,
    partitionCount: DEFAULT_PARTITION_COUNT,
    leaseMs: 10_000,
    leaseRenewalMs: 3_000,
    outcomesConcurrency: 64,
    wakeBatchRunsMax: 200,
    recoveryPageSize: 200,
    affectedRunsMax: 20_000,
    queueRetryPauseMs: 250,
    queueRetryPauseMaxMs: 5_000,
    auditIntervalMs: 180_000,
    auditSilenceMs: 300_000,
    databaseAcquireTimeoutMs: 2_000,
    databaseQueryTimeoutMs: 5_000,
    controlBodyBytesMax: 8 * 1024 * 1024,
    awaitClosedWaitersMax: 50_000,
    awaitClosedRecheckMs: 500,
    stopGraceMs: 5_000,
    engine: {},
    clock,
    ids: new TimeOrderedIds(clock),
    ...given,
  };
  if (resolved.leaseRenewalMs * 2 > resolved.leaseMs) {
    throw new OrchestratorOptionsError('A lease must last for at least two renewals.');
  }
  return resolved;
}

/** Makes the engine; a seam for specs. */
export type EngineMaker = (ports: EnginePorts, options: EngineOptions) => EngineSurface;
