import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock, EngineOptions, EnginePorts, EngineSurface, Ids, Sandbox } from '@backstitch/engine';
import { DEFAULT_PARTITION_COUNT, type PayloadCodec, type SearchAttributeDefinitions } from '@backstitch/protocol';
import { TASK_TOKEN_SECRET_CHARACTERS_MIN } from '@backstitch/protocol/task-token';
import type { QueueConnection } from '@backstitch/queues';
import type { WorkflowBundle } from '@backstitch/sandbox';
import type { Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { ADMISSION_DEFAULTS, admissionFault, type AdmissionOptions, type ResolvedAdmissionOptions } from './admission/admission-options.js';
import type { LocalActivityFunction } from './local-activities.js';
import { SILENT_LOGGER, type OrchestratorLogger } from './observation/logger.js';
import type { InjectedSinks } from './observation/sinks.js';
import { TimeOrderedIds } from './time-ordered-ids.js';
import { buildIdOf, type VersioningBehavior } from './versioning/build-id.js';
import { BUILD_ID_LENGTH_MAX } from './versioning/deployment-routes.js';

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
  /** Functions of this process that workflows may call as local activities, by name. Default none. */
  localActivities?: Readonly<Record<string, LocalActivityFunction>>;
  /** What workflow code may call in this process, by the names of sinks and functions. Default none. */
  sinks?: InjectedSinks;
  /** Search attributes that this deployment knows. Default none. */
  searchAttributes?: SearchAttributeDefinitions;
  /** Shared secret of the control wire. */
  controlToken: string;
  /** Encrypts or compresses payloads; the same one as the services and clients have. Workflow code sees what was there before. Default none. */
  payloadCodec?: PayloadCodec;
  /** Seals task tokens (completion of activities from outside): at least 16 characters, the same as the services'. Default: no token is genuine. */
  taskTokenSecret?: string;
  /** Default: silent. */
  logger?: OrchestratorLogger;
  /** Default: no metrics. */
  metricsRegistry?: Registry;

  /**
   * Names the build of the workflows' code, at most 128 characters: the same on all replicas that run the same code. Default: a digest of the bundle's code;
   * of a sandbox that does not tell its bundle, `unknown`.
   */
  buildId?: string;
  /**
   * Whether runs of a type stay with the build that they began with (PINNED) or go on with whichever is current (AUTO_UPGRADE), by type, `*` for all others.
   * Goes before what the code says by `setWorkflowOptions`. Default: as the code says, else AUTO_UPGRADE.
   */
  versioningBehaviors?: Readonly<Record<string, VersioningBehavior>>;
  /** Names this process among its like; must be unique and fresh for each start. Default host, process and a random part. */
  replicaId?: string;
  /** Fixed once runs exist. Default 64. */
  partitionCount?: number;
  /**
   * Base URL at which the other replicas reach this one, e.g. `http://10.0.0.7:3001`. Default: made of the address that it listens at, with the machine's
   * host name where that is all addresses.
   */
  advertiseUrl?: string;
  /** A replica that does not renew its leases for so long loses its partitions: the others have taken them over just after. Default 6,000. */
  leaseMs?: number;
  /** Pause between renewals. Default 2,000. */
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
  /**
   * An attempt that has waited for so long on a queue that nobody serves, and a pinned run that is due and whose build nobody has run for so long, become incidents. Looked
   * for by the audits, so found up to two of their pauses later, and where other activities of the run are heard of up to twice as late. Default 600,000 (10 minutes).
   */
  notServedAfterMs?: number;
  /** Waiting for a database connection. Default 2,000. */
  databaseAcquireTimeoutMs?: number;
  /** Waiting for an answer of the database. Default 5,000. */
  databaseQueryTimeoutMs?: number;
  /** Largest body of a control call. Default 8 MiB. */
  controlBodyBytesMax?: number;
  /** Workflow ids that await-closed calls wait for at once, in all. Default 50,000. */
  awaitClosedWaitersMax?: number;
  /** How often await-closed asks the database and the other replicas again where several are alive. Default 5,000. */
  awaitClosedRecheckMs?: number;
  /** Outcomes under way get so long at a stop. Default 5,000. */
  stopGraceMs?: number;
  /** Closed runs, without open incidents, are removed after so long; 0 keeps them for ever. Default 2,592,000,000 (30 days). */
  retentionMs?: number;
  /** Pause between two looks for runs to be removed. Default a tenth of `retentionMs`, from 1,000 to 60,000. */
  retentionIntervalMs?: number;
  /** Runs removed in one transaction. Default 200. */
  retentionBatchRunsMax?: number;
  /** Threads of the sandbox made from `bundle`. Default: the sandbox's own. */
  sandboxThreads?: number;
  /** When starts are refused for a while; see AdmissionOptions for the defaults. */
  admission?: AdmissionOptions;
  /** Limits of the engine; see EngineOptions for their defaults. */
  engine?: Pick<EngineOptions, 'cachedRunsMax' | 'batchRunsMax' | 'concurrentBatchesMax' | 'waitingMessagesMax' | 'undoIncidentAfterMs' | 'forwardIncidentAfterMs' | 'historyLimits' | 'driftIsIncident' | 'taskQueue'>;
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

export type ResolvedOrchestratorOptions = { admission: ResolvedAdmissionOptions } & Required<Omit<OrchestratorOptions, 'payloadCodec' | 'taskTokenSecret' | 'admission' | 'advertiseUrl' | 'bundle' | 'sandbox' | 'metricsRegistry' | 'sandboxThreads'>> &
  Pick<OrchestratorOptions, 'payloadCodec' | 'taskTokenSecret' | 'advertiseUrl' | 'bundle' | 'sandbox' | 'metricsRegistry' | 'sandboxThreads'>;

/** 30 days. */
const RETENTION_MS = 30 * 24 * 60 * 60 * 1_000;

/** The bundle that an orchestrator runs, where that is known. */
export function bundleOf({ bundle, sandbox }: Pick<OrchestratorOptions, 'bundle' | 'sandbox'>): WorkflowBundle | undefined {
  return bundle ?? (sandbox as { bundle?: WorkflowBundle } | undefined)?.bundle;
}

/** @throws OrchestratorOptionsError */
export function resolveOrchestratorOptions(options: OrchestratorOptions): ResolvedOrchestratorOptions {
  if ((options.bundle === undefined) === (options.sandbox === undefined)) {
    throw new OrchestratorOptionsError('Give either the workflows’ bundle or a sandbox.');
  }
  if (options.controlToken.length < 16) {
    throw new OrchestratorOptionsError('The control token must have at least 16 characters.');
  }
  if (options.taskTokenSecret !== undefined && options.taskTokenSecret.length < TASK_TOKEN_SECRET_CHARACTERS_MIN) {
    throw new OrchestratorOptionsError(`The secret of task tokens must have at least ${TASK_TOKEN_SECRET_CHARACTERS_MIN} characters.`);
  }
  const clock = options.clock ?? { now: () => Date.now() };
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as OrchestratorOptions;
  const resolved = {
    localActivities: {},
    sinks: {},
    buildId: options.buildId ?? buildIdOf(bundleOf(options)),
    versioningBehaviors: {},
    searchAttributes: {},
    logger: SILENT_LOGGER,
    replicaId: `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`,
    partitionCount: DEFAULT_PARTITION_COUNT,
    leaseMs: 6_000,
    leaseRenewalMs: 2_000,
    outcomesConcurrency: 64,
    wakeBatchRunsMax: 200,
    recoveryPageSize: 200,
    affectedRunsMax: 20_000,
    queueRetryPauseMs: 250,
    queueRetryPauseMaxMs: 5_000,
    auditIntervalMs: 180_000,
    auditSilenceMs: 300_000,
    notServedAfterMs: 600_000,
    databaseAcquireTimeoutMs: 2_000,
    databaseQueryTimeoutMs: 5_000,
    controlBodyBytesMax: 8 * 1024 * 1024,
    awaitClosedWaitersMax: 50_000,
    awaitClosedRecheckMs: 5_000,
    stopGraceMs: 5_000,
    retentionMs: RETENTION_MS,
    retentionIntervalMs: Math.min(60_000, Math.max(1_000, (options.retentionMs ?? RETENTION_MS) / 10)),
    retentionBatchRunsMax: 200,
    engine: {},
    clock,
    ids: new TimeOrderedIds(clock),
    ...given,
    admission: { ...ADMISSION_DEFAULTS, ...given.admission },
  };
  if (resolved.leaseRenewalMs * 2 > resolved.leaseMs) {
    throw new OrchestratorOptionsError('A lease must last for at least two renewals.');
  }
  if (resolved.advertiseUrl !== undefined && !/^https?:\/\/[^/]/.test(resolved.advertiseUrl)) {
    throw new OrchestratorOptionsError('The URL to be advertised must be an http:// or https:// URL.');
  }
  if (resolved.buildId.length === 0 || resolved.buildId.length > BUILD_ID_LENGTH_MAX || resolved.buildId.includes('\0')) {
    throw new OrchestratorOptionsError(`A build id must have 1 to ${BUILD_ID_LENGTH_MAX} characters.`);
  }
  if (Object.values(resolved.versioningBehaviors).some((behavior) => behavior !== 'PINNED' && behavior !== 'AUTO_UPGRADE')) {
    throw new OrchestratorOptionsError('A versioning behavior must be PINNED or AUTO_UPGRADE.');
  }
  const fault = admissionFault(resolved.admission);
  if (fault !== undefined) {
    throw new OrchestratorOptionsError(fault);
  }
  if (!(resolved.notServedAfterMs > 0)) {
    throw new OrchestratorOptionsError('The time after which what nobody serves is an incident must be positive.');
  }
  if (!(resolved.retentionMs >= 0 && resolved.retentionIntervalMs > 0 && resolved.retentionBatchRunsMax >= 1)) {
    throw new OrchestratorOptionsError('The time of retention must not be negative, and its interval and batches must be positive.');
  }
  return resolved;
}

/** Makes the engine; a seam for specs. */
export type EngineMaker = (ports: EnginePorts, options: EngineOptions) => EngineSurface;
