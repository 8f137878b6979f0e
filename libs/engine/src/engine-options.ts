import type { Failure, Incident, IncidentDivergence, SearchAttributeDefinitions, WorkflowExecutionStatus, WorkflowLogEntry, WorkflowSinkCall } from '@backstitch/protocol';
import type { Clock } from './ports/clock.js';
import type { Dispatcher } from './ports/dispatcher.js';
import type { HistoryStore, RunRecord } from './ports/history-store.js';
import type { Ids } from './ports/ids.js';
import type { LocalActivities } from './ports/local-activities.js';
import type { PayloadDecoder } from './ports/payload-decoder.js';
import type { RunMessenger } from './ports/run-messenger.js';
import type { Sandbox } from './ports/sandbox.js';

/** What the engine is built on. */
export interface EnginePorts {
  clock: Clock;
  ids: Ids;
  sandbox: Sandbox;
  store: HistoryStore;
  dispatcher: Dispatcher;
  /** Carries calls from run to run. Default: this engine has all runs. */
  messenger?: RunMessenger;
  /** Default: none; a local activity fails, and is not tried again. */
  localActivities?: LocalActivities;
  /** Default: encoded payloads are taken for the same in replay, whatever is in them. */
  decodePayloads?: PayloadDecoder;
}

/** Which build of the workflows' code an engine runs, where builds stand side by side. */
export interface EngineVersioning {
  /** Names the build; the same code has the same name on every replica. */
  readonly buildId: string;
  /** The build that begins new runs and goes on with those that are not pinned; asked for each batch. Default: this one. */
  readonly currentBuildId?: () => string;
  /** Reads anew which build is current, so that `currentBuildId` tells it. Asked before a run is held because the code does not fit: another build may have gone on with it, of which this engine was not told yet. Must not reject. */
  readonly confirmCurrentBuild?: () => Promise<void>;
  /** Whether runs of that type stay with the build that they began with. Default: none does. */
  readonly isPinned?: (workflowType: string) => boolean;
}

export interface EngineOptions {
  /** Default: one build that all runs are served by, of which nothing is recorded. */
  versioning?: EngineVersioning;
  /** Fixed once runs exist. Default 64. */
  partitionCount?: number;
  /** What `workflowInfo().taskQueue` tells. Default `default`. */
  taskQueue?: string;
  searchAttributes?: SearchAttributeDefinitions;
  /** Runs kept in memory; the least recently used is evicted. Default 10,000. */
  cachedRunsMax?: number;
  /** Runs in one batch: one sandbox call, one transaction. Default 200. */
  batchRunsMax?: number;
  /** Batches under way at once, of different runs. Default 2. */
  concurrentBatchesMax?: number;
  /** Messages waiting in the engine; beyond it calls are refused with OverloadedError. Outcomes wait instead. Default 20,000. */
  waitingMessagesMax?: number;
  /** An undo that has not succeeded for so long opens an incident. Default 600,000 (10 minutes). */
  undoIncidentAfterMs?: number;
  /** A pivot, or a step beyond one, that has not succeeded for so long opens an incident, while it is tried on. Default 600,000 (10 minutes). */
  forwardIncidentAfterMs?: number;
  /** When a history is called long, and when it is refused further workflow tasks. Default: `LIMITS` of the protocol. */
  historyLimits?: { eventsWarn?: number; bytesWarn?: number; eventsMax?: number; bytesMax?: number };
  /** Drift (another input or other options than recorded) holds the run as an incident of kind DRIFT, instead of being shown alone. Default false. */
  driftIsIncident?: boolean;
  observer?: EngineObserver;
}

/** Whose fact it is. */
export interface RunIdentity {
  workflowId: string;
  runId: string;
  workflowType: string;
  /** W3C trace context, as the start gave it. */
  traceparent?: string;
}

/** Facts that the host turns into logs, metrics and timers. Called after the commit that makes them true; must not throw. */
export interface EngineObserver {
  /** A run was created. */
  workflowStarted?(fact: RunIdentity): void;
  /** A run was closed; `record` is what was committed of it. */
  workflowClosed?(fact: RunIdentity & { status: WorkflowExecutionStatus; startedAtMs: number; closedAtMs: number; record: RunRecord }): void;
  /** An attempt failed; `nextAttemptAtMs` is absent if it was the last. */
  attemptFailed?(fact: RunIdentity & { activityType: string; taskQueue: string; attempt: number; failure: Failure; nextAttemptAtMs?: number }): void;
  /** An activity was closed; duration from its scheduling. */
  activityClosed?(fact: { workflowId: string; activityType: string; taskQueue: string; status: 'completed' | 'failed' | 'canceled' | 'timedOut'; durationMs: number }): void;
  incidentOpened?(fact: RunIdentity & { incident: Incident }): void;
  incidentResolved?(fact: RunIdentity & { incident: Incident }): void;
  /** A run wants to be woken no later than this. */
  wakeAt?(wakeAtMs: number): void;
  /**
   * Jobs of these runs may be missing on their queue: it took none, too many waited, or the answer to their commit got lost. The host calls
   * `redispatch` for these runs, once queue and store are there.
   */
  dispatchFailed?(fact: { taskQueue: string; jobs: number; runIds: string[]; error: unknown }): void;
  /** Calls of these runs to other runs may not have got through. The host calls `resumeCalls` for them, a little later. */
  callsFailed?(fact: { runIds: string[]; error: unknown }): void;
  /** A run has something to be told, and its code is another build's: what happened is recorded, and that build's engine goes on with it. */
  dueElsewhere?(fact: RunIdentity & { partition: number; buildId: string }): void;
  /** Workflow code called a sink; told in replay too. */
  workflowSinkCall?(fact: RunIdentity & { call: WorkflowSinkCall; isReplaying: boolean }): void;
  workflowLog?(fact: RunIdentity & { entry: WorkflowLogEntry }): void;
  /** Replay found that the code gives another input or other options than these events record; what is recorded stays in force (law L6). */
  driftFound?(fact: RunIdentity & { eventIds: number[]; drift?: IncidentDivergence[] }): void;
  /** A history became long: the workflow is told `continueAsNewSuggested` from here on. */
  historyLong?(fact: RunIdentity & { historyEvents: number; historySizeBytes: number }): void;
  /** A fault of the engine itself, or of one of its ports, kept a batch of these runs from being committed. Its senders were told. */
  batchFailed?(fact: { runIds: string[]; error: unknown }): void;
  /** A batch was committed, for metrics. */
  batchCommitted?(fact: { runs: number; events: number; staleRuns: number; replayedRuns: number; durationMs: number }): void;
}
